"""What people do with an alert: acknowledge, confirm, assign, close and so on."""

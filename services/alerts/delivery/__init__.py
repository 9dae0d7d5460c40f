"""From a notification to a sent message: deliveries, their texts, and the next contact if one fails."""

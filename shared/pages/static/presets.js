// Tests whether a person has answered a question: a field differs from the form's preset.

/** @param {Element} question */
export function isAnswered(question) {
  const fields = /** @type {NodeListOf<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>} */ (
    question.querySelectorAll("input, select, textarea")
  );
  return [...fields].some((field) => {
    if (field instanceof HTMLInputElement && ["checkbox", "radio"].includes(field.type))
      return field.checked !== field.defaultChecked;
    return field.value !== (field instanceof HTMLSelectElement ? presetOf(field) : field.defaultValue);
  });
}

/** @param {HTMLSelectElement} select */
function presetOf({ options }) {
  return ([...options].find(({ defaultSelected }) => defaultSelected) ?? options[0]).value;
}

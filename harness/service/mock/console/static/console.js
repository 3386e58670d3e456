// Copy buttons; without this script the values are there to be selected, and the buttons stay hidden.
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = button.dataset.done;
      button.setAttribute("aria-live", "polite");
      setTimeout(() => { button.textContent = label; }, 2000);
    } catch {
      // No clipboard here (plain HTTP from elsewhere, or not allowed): select it for the person to copy.
      getSelection().selectAllChildren(source);
    }
  });
}

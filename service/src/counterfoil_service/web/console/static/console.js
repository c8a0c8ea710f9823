// SPDX-License-Identifier: Apache-2.0
// Makes pages better that work without it. Nothing here turns text into markup: the page's policy forbids it.

// A button that was pressed is not pressed twice by a hasty hand.
for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 3000);
  });
}

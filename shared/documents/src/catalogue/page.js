// Shows the event types that have all words of the search somewhere; a word may be a part of one.
const search = document.getElementById("search");
const sections = [...document.querySelectorAll("section.event")];
const entries = new Map([...document.querySelectorAll("nav [data-of]")].map((entry) => [entry.dataset.of, entry]));
function show() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const section of sections) {
    const found = words.every((word) => section.dataset.words.includes(word));
    section.hidden = !found;
    entries.get(section.id).hidden = !found;
    shown += found ? 1 : 0;
  }
  for (const heading of document.querySelectorAll("nav h2")) {
    heading.hidden = ![...heading.nextElementSibling.children].some((entry) => !entry.hidden);
  }
  for (const id of ["overview", "channels"]) document.getElementById(id).hidden = words.length > 0;
  document.getElementById("nothing").hidden = shown > 0;
}
search.addEventListener("input", show);
show();

// The long list of the security policy: find a row, see what is changed and not saved. Works without, too.
(() => {
  const form = document.getElementById("policy");
  const bar = document.getElementById("policy-bar");
  const search = document.getElementById("policy-search");
  const onlyOwn = document.getElementById("policy-own");
  const rows = [...document.querySelectorAll("tr[data-classification]")];

  const isChanged = (select) => [...select.options].some((option) => option.selected !== option.defaultSelected);

  const count = () => {
    if (!form) return;
    let changed = 0;
    rows.forEach((row) => {
      const differs = [...row.querySelectorAll("select")].some(isChanged);
      row.classList.toggle("is-changed", differs);
      changed += differs ? 1 : 0;
    });
    bar.hidden = changed === 0;
    const output = bar.querySelector("output");
    output.textContent = changed === 1 ? output.dataset.one : output.dataset.many.replace("0", String(changed));
  };

  const filter = () => {
    const wanted = search.value.trim().toLowerCase();
    rows.forEach((row) => {
      const fits = row.dataset.classification.toLowerCase().includes(wanted);
      row.hidden = !fits || (onlyOwn.checked && !row.hasAttribute("data-own"));
    });
    let shown = 0;
    document.querySelectorAll("[data-family]").forEach((family) => {
      const left = family.querySelectorAll("tr[data-classification]:not([hidden])").length;
      family.hidden = left === 0;
      shown += left;
    });
    document.getElementById("policy-nothing").hidden = shown > 0;
  };

  document.getElementById("policy-find").hidden = false;
  search.addEventListener("input", filter);
  onlyOwn.addEventListener("change", filter);
  if (form) {
    form.addEventListener("change", count);
    form.addEventListener("reset", () => setTimeout(count));
  }
  // a browser that goes back keeps what was chosen
  window.addEventListener("pageshow", () => {
    count();
    filter();
  });
})();

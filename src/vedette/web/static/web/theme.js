// Runs before the first paint, so that a dark page never flashes white; "system" follows the machine.
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const wanted = root.dataset.theme === "system" ? (dark.matches ? "dark" : "light") : root.dataset.theme;
    root.setAttribute("data-bs-theme", wanted);
    document.dispatchEvent(new CustomEvent("vedette:theme"));
  };
  root.classList.add("js");
  dark.addEventListener("change", apply);
  apply();
})();

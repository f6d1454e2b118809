// What pages do beyond plain HTML: menu on a phone, dialogs, copying, closing messages. Pages work without it.
(() => {
  const HEADER = "X-Vedette-Dialog";
  const SHOWN_MS = 2500;

  const toast = (text) => {
    const note = document.createElement("div");
    note.className = "v-toast";
    note.textContent = text;
    document.getElementById("toasts").append(note);
    setTimeout(() => note.remove(), SHOWN_MS);
  };

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      toast(button.dataset.copied);
    } catch {
      // no permission, or a page without a secure origin: select the text so that one key copies it
      const code = button.parentElement.querySelector("code") || button.closest("figure").querySelector("code");
      window.getSelection().selectAllChildren(code);
    }
  };

  const openDialog = async (link) => {
    const dialog = document.getElementById("dialog");
    const answer = await fetch(link.href, { headers: { [HEADER]: "1" }, credentials: "same-origin" });
    if (!answer.ok || answer.redirected) {
      window.location.assign(link.href);
      return;
    }
    dialog.innerHTML = await answer.text();
    dialog.querySelector("form").setAttribute("action", link.getAttribute("href"));
    dialog.showModal();
  };

  const toggleMenu = (button) => {
    const open = document.getElementById("side").classList.toggle("is-open");
    button.setAttribute("aria-expanded", String(open));
  };

  document.addEventListener("click", (event) => {
    const find = (selector) => event.target.closest(selector);
    const plainClick = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
    if (find("[data-menu-toggle]")) toggleMenu(find("[data-menu-toggle]"));
    else if (find("[data-copy]")) copy(find("[data-copy]"));
    else if (find("[data-print]")) window.print();
    else if (find("[data-dismiss]")) find(".v-message").remove();
    else if (find("#dialog [data-dialog-close]")) {
      event.preventDefault();
      document.getElementById("dialog").close();
    } else if (find("a[data-dialog]") && plainClick) {
      event.preventDefault();
      openDialog(find("a[data-dialog]"));
    } else if (event.target.id === "dialog") event.target.close();
  });

  // on a narrow screen the tab that is open may lie outside the bar
  document.querySelectorAll(".v-tabs").forEach((bar) => {
    const tab = bar.querySelector("[aria-current]");
    if (tab) bar.scrollLeft = tab.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
  });

  // a second press of a button must not send the form twice
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "1";
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("[data-sent]").forEach((form) => delete form.dataset.sent);
  });
})();

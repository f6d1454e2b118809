// Uploading for analysis: a file may be dropped, one that is too large is not sent, and one sees how far it is.
// Without this script the form works as forms do.
(() => {
  const form = document.getElementById("scan-upload");
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector("[data-drop]");
  const bar = form.querySelector("[data-upload-progress]");
  const button = form.querySelector("button[type=submit]");

  const tell = (text) => {
    input.setCustomValidity(text);
    if (text) input.reportValidity();
  };
  const check = () => {
    const file = input.files[0];
    tell(file && file.size > Number(form.dataset.most) ? form.dataset.tooLarge : "");
  };
  input.addEventListener("change", check);

  form.querySelector("[data-drop-hint]").hidden = false;
  ["dragenter", "dragover"].forEach((name) => drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("is-over");
  }));
  ["dragleave", "drop"].forEach((name) => drop.addEventListener(name, () => drop.classList.remove("is-over")));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      check();
    }
  });

  const show = (share) => {
    bar.hidden = false;
    bar.querySelector("progress").value = share;
    bar.querySelector("[data-share]").textContent = `${share} %`;
  };
  const rest = (text) => {
    bar.hidden = true;
    button.disabled = false;
    tell(text);
  };

  form.addEventListener("submit", (event) => {
    if (!input.files.length) return;
    event.preventDefault();
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.upload.addEventListener("progress", (step) => {
      if (step.lengthComputable) show(Math.floor((100 * step.loaded) / step.total));
    });
    request.addEventListener("load", () => {
      if (request.status === 200 && request.responseURL !== form.action) {
        window.location.assign(request.responseURL);
      } else if (request.status === 422) {
        const answer = new DOMParser().parseFromString(request.responseText, "text/html");
        rest(answer.querySelector(".v-error")?.textContent.trim() || form.dataset.failed);
      } else {
        rest(request.status === 503 ? request.responseText : form.dataset.failed);
      }
    });
    request.addEventListener("error", () => rest(form.dataset.failed));
    button.disabled = true;
    show(0);
    request.send(new FormData(form));
  });
  input.addEventListener("input", () => tell(""));
})();

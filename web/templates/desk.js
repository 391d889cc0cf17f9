"use strict";
(() => {
  const one = (what) => document.querySelector(what), all = (what) => [...document.querySelectorAll(what)];
  const player = one("#player"), boxes = one("#boxes"), moments = all("#evidence a"), rows = all(".queue li");
  const choose = one("#all"), help = one("#keys");
  let moment = -1, row = -1;

  // Evidence: the player jumps to the second of a hit, and its box is drawn while the player is there.
  const mark = () => {
    for (const rectangle of all("#boxes rect")) {
      const hit = moments.find((link) => link.dataset.number === rectangle.dataset.number);
      const near = Math.abs(player.currentTime - Number(hit.dataset.seconds)) < 0.3;
      rectangle.classList.toggle("on", near);
    }
  };
  const jump = (number) => {
    if (!player || !moments[number]) return;
    moment = number;
    moments.forEach((link, place) => link.classList.toggle("on", place === number));
    player.pause();
    player.currentTime = Number(moments[number].dataset.seconds);
    const list = one("#evidence"), link = moments[number];
    const bottom = link.offsetTop + link.offsetHeight;
    if (link.offsetTop < list.scrollTop || bottom > list.scrollTop + list.clientHeight) list.scrollTop = link.offsetTop;
  };
  if (player) {
    moments.forEach((link, number) => link.addEventListener("click", (event) => {
      event.preventDefault();
      jump(number);
      player.scrollIntoView({ block: "nearest" });
    }));
    player.addEventListener("loadedmetadata", () => {
      if (player.videoWidth) boxes.setAttribute("viewBox", `0 0 ${player.videoWidth} ${player.videoHeight}`);
    });
    for (const event of ["timeupdate", "seeked"]) player.addEventListener(event, mark);
  }

  // Proofs: what is typed is drawn once the typing rests; the first picture draws those of all platforms.
  const proofs = all("[data-proof]"), typed = ["#title", "#lines"].map(one);
  const tell = async (picture) => {
    const wrong = picture.closest("figure").querySelector(".wrong");
    const problem = await fetch(picture.src).then((answer) => (answer.ok ? null : answer.json())).catch(() => null);
    wrong.textContent = problem ? `${problem.detail} – ${problem.instruction}` : "";
    wrong.hidden = !problem;
  };
  for (const picture of proofs) {
    const settled = () => picture.classList.remove("old");
    picture.addEventListener("load", () => { settled(); picture.closest("figure").querySelector(".wrong").hidden = true; });
    picture.addEventListener("error", () => { settled(); tell(picture); });
  }
  const draw = () => {
    const words = typed.filter((field) => field.value !== field.defaultValue).map((field) => [field.name, field.value]);
    const query = new URLSearchParams(words).toString();
    for (const picture of proofs) {
      const address = picture.dataset.proof + (query ? `?${query}` : "");
      if (picture.getAttribute("src") === address) continue;
      picture.classList.add("old");
      picture.src = picture.parentElement.href = address;
    }
  };
  let rest = 0;
  if (proofs.length) for (const field of typed) field.addEventListener("input", () => {
    clearTimeout(rest);
    rest = setTimeout(draw, 800);
  });

  // The queue: one row at a time, and all at once.
  const boxOf = (place) => rows[place] && rows[place].querySelector("input[type=checkbox]");
  const go = (place) => {
    if (!rows.length) return;
    row = Math.max(0, Math.min(rows.length - 1, place));
    rows.forEach((item, number) => item.classList.toggle("on", number === row));
    rows[row].scrollIntoView({ block: "nearest" });
  };
  if (choose) {
    choose.parentElement.hidden = false;
    choose.addEventListener("change", () => rows.forEach((_, place) => { boxOf(place).checked = choose.checked; }));
  }
  const decide = (action) => {
    const button = one(`button[value=${action}]`);
    if (!button) return;
    if (rows.length && !one(".queue input:checked")) {
      if (row < 0) return;
      boxOf(row).checked = true;
    }
    button.click();
  };
  // Only once: a second press, or a held key, decides nothing more.
  for (const form of all('form[action*="/review/decide"]')) form.addEventListener("submit", (event) => {
    if (form.dataset.sent || (rows.length && !one(".queue input:checked"))) event.preventDefault();
    else form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  const follow = (what) => { const link = one(what); if (link) location.href = link.href; };
  const keys = {
    a: () => decide("approve"), r: () => decide("reject"), g: () => decide("regenerate"),
    j: () => (rows.length ? go(row + 1) : follow("#next")), k: () => (rows.length ? go(row - 1) : follow("#previous")),
    x: () => { const box = boxOf(row); if (box) box.checked = !box.checked; },
    o: () => { if (rows[row]) location.href = rows[row].dataset.page; },
    p: () => { if (player) { if (player.paused) player.play(); else player.pause(); } },
    "?": () => (help.open ? help.close() : help.showModal()),
    ArrowRight: () => jump(Math.min(moment + 1, moments.length - 1)), ArrowLeft: () => jump(Math.max(moment - 1, 0)),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
    if (event.target.matches("input:not([type=checkbox]), textarea, select, video") || (help.open && event.key !== "?")) return;
    const number = Number(event.key);
    const act = number >= 1 && number <= 9 ? () => jump(number - 1) : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();

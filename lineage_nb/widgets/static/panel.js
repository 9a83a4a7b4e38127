// The call that a panel stands for, with a button that copies it; hands over files that Python made.

function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) {
    return navigator.clipboard.writeText(text).catch(() => copyOldWay(text));
  }
  return copyOldWay(text);
}

function copyOldWay(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("readonly", "");
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done ? Promise.resolve() : Promise.reject(new Error("the browser does not allow it"));
}

function save(name, mime, data) {
  const address = URL.createObjectURL(new Blob([data], { type: mime }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

function render({ model, el }) {
  const row = document.createElement("div");
  const code = document.createElement("code");
  const copy = document.createElement("button");
  const said = document.createElement("span");
  row.className = "ln-call";
  copy.type = "button";
  copy.textContent = "Copy code";
  said.setAttribute("role", "status");
  row.append(code, copy, said);
  el.append(row);

  const show = () => {
    code.textContent = model.get("code");
    said.textContent = "";
  };
  const tell = () => { said.textContent = model.get("said"); };
  copy.addEventListener("click", () => {
    copyText(model.get("code")).then(
      () => { said.textContent = "Copied"; },
      (error) => { said.textContent = `Not copied: ${error.message}. Select the code and copy it.`; },
    );
  });
  const hear = (message, buffers) => {
    if (message && message.do === "save" && buffers && buffers.length) {
      save(message.name, message.mime, buffers[0]);
    }
  };
  model.on("change:code", show);
  model.on("change:said", tell);
  model.on("msg:custom", hear);
  show();
  tell();
  return () => {
    model.off("change:code", show);
    model.off("change:said", tell);
    model.off("msg:custom", hear);
  };
}

export default { render };

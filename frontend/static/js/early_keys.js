// Runs before anything of a page is drawn, so it is no module: keeps the keys that are pressed while the modules are on
// their way. keyboard.js takes them over.

{
  const keys = [];
  const keep = (event) => keys.push(event);
  document.addEventListener("keydown", keep);
  window.takeEarlyKeys = () => {
    document.removeEventListener("keydown", keep);
    return keys;
  };
}

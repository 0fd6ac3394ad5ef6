/* Shows the form where this script stands. */
(function () {
  var script = document.currentScript, where = {{ where|tojson }}, name = {{ name|tojson }}, origins = {{ origins|tojson }};
  if (origins.indexOf(location.origin) < 0) { console.error({{ foreign|tojson }} + location.origin); return; }
  var frame = document.createElement('iframe');
  frame.src = where + '?embed=1&_page=' + encodeURIComponent(location.href);
  frame.title = {{ title|tojson }};
  frame.style.cssText = 'width:100%;border:0;display:block;min-height:420px;color-scheme:normal';
  script.parentNode.insertBefore(frame, script);
  var left = '';
  addEventListener('message', function (event) {
    if (event.source !== frame.contentWindow || !event.data || event.data.crmForm !== name) return;
    if (event.data.redirect) {  // the form tells its height often; to be led on twice ends the first way there
      if (!left) location.href = left = event.data.redirect;
      return;
    }
    var height = Number(event.data.height);
    if (height > 0 && height < 20000) { frame.style.height = height + 'px'; frame.style.minHeight = 0; }
  });
})();

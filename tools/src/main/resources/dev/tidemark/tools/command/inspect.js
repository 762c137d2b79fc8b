'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const SVG = 'http://www.w3.org/2000/svg';
  const byId = id => document.getElementById(id);

  // All text comes in by textContent: names in a checkpoint are its guest's, or anybody's.
  function element(name, className, text) {
    const e = document.createElement(name);
    if (className) e.className = className;
    if (text !== undefined) e.textContent = text;
    return e;
  }

  function shape(name, attributes) {
    const e = document.createElementNS(SVG, name);
    for (const key in attributes) e.setAttribute(key, attributes[key]);
    return e;
  }

  const bits = hundredths => (hundredths / 100).toFixed(2);
  const count = n => n.toLocaleString('en-US');
  const pages = n => count(n) + (n === 1 ? ' page' : ' pages');
  const level = hundredths => Math.max(0, Math.min(9, Math.floor(hundredths / 80)));

  document.title = data.file + ' – checkpoint';
  byId('file').textContent = data.file;
  byId('format').textContent = data.format;
  for (const [name, value, detail] of data.tiles) {
    const tile = element('div', 'tile');
    tile.append(element('span', '', name), element('b', '', value), element('span', '', detail));
    byId('tiles').append(tile);
  }
  for (const [name, value] of data.properties) {
    const row = element('tr');
    row.append(element('td', '', name), element('td', '', value));
    byId('properties').tBodies[0].append(row);
  }

  function legend() {
    const swatch = (className, width) => {
      const svg = shape('svg', {width: width, height: 12});
      svg.append(shape('rect', {class: className, x: .5, y: .5, width: width - 1, height: 11}));
      return svg;
    };
    const item = (...parts) => {
      const span = element('span');
      span.append(...parts);
      byId('legend').append(span);
    };
    const ramp = shape('svg', {width: 140, height: 12});
    for (let i = 0; i < 10; i++) {
      ramp.append(shape('rect', {class: 'e' + i, x: i * 14, y: 0, width: 14, height: 12}));
    }
    item('data: entropy 0', ramp, '8 bits per byte');
    item(swatch('z', 12), 'zero');
    item(swatch('m', 12), 'missing');
    byId('legend').append(element('span', '', 'A cell is filled from below by its share of data; its colour is the mean of up to 4 of its pages.'));
  }

  // One cell: data from below, zeroes above them, what is missing on top.
  function cell(svg, block, i, x, y, size) {
    const full = Math.min(block.perCell, block.pages - i * block.perCell);
    const dataPages = block.cells[3 * i];
    const zeroPages = block.cells[3 * i + 1];
    const inner = size - 1;
    if (dataPages + zeroPages < full) {
      svg.append(shape('rect', {class: 'm', x: x + .5, y: y + .5, width: inner - 1, height: inner - 1}));
    }
    const filled = n => n === 0 ? 0 : Math.max(1, Math.min(n === full ? inner : inner - 1, Math.round(inner * n / full)));
    const high = filled(dataPages);
    const low = dataPages + zeroPages === full ? inner - high : filled(zeroPages);
    if (zeroPages > 0 && low > 0) {
      svg.append(shape('rect', {class: 'z', x: x, y: y + inner - high - low, width: inner, height: low}));
    }
    if (high > 0) {
      svg.append(shape('rect', {class: 'e' + level(block.cells[3 * i + 2]), x: x, y: y + inner - high, width: inner, height: high}));
    }
  }

  function hex(n) {
    return '0x' + BigInt(n).toString(16);
  }

  function describe(block, i) {
    const first = BigInt(i) * BigInt(block.perCell);
    const full = Math.min(block.perCell, block.pages - i * block.perCell);
    const size = BigInt(data.pageSize);
    const [d, z, e] = block.cells.slice(3 * i, 3 * i + 3);
    const lines = [block.name, hex(first * size) + ' – ' + hex((first + BigInt(full)) * size) + '  (' + pages(full) + ')'];
    if (d > 0) lines.push(count(d) + ' data, entropy ' + bits(e) + ' bits per byte');
    if (z > 0) lines.push(count(z) + ' zero');
    if (d + z < full) lines.push(count(full - d - z) + ' missing');
    return lines.join('\n');
  }

  function map(block) {
    const cells = block.cells.length / 3;
    const small = cells <= 64;
    const columns = small ? Math.min(cells, 16) : 64;
    const size = small ? 13 : 16;
    const margin = small ? 0 : 84;
    const rows = Math.ceil(cells / columns);
    const width = margin + columns * size;
    const height = rows * size;
    const svg = shape('svg', {class: 'map', width: width, height: height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'data-cells': cells});
    svg.setAttribute('aria-label', 'pages of ' + block.name);
    for (let row = 0; row < rows && !small; row++) {
      if (row % 4 === 0) {
        const label = shape('text', {x: margin - 8, y: row * size + 11, 'text-anchor': 'end'});
        label.textContent = hex(BigInt(row * columns) * BigInt(block.perCell) * BigInt(data.pageSize));
        svg.append(label);
      }
    }
    for (let i = 0; i < cells; i++) {
      cell(svg, block, i, margin + (i % columns) * size, Math.floor(i / columns) * size, size);
    }
    const here = shape('rect', {class: 'here', width: size, height: size, x: -99, y: -99});
    svg.append(here);
    const tip = byId('tip');
    svg.addEventListener('mousemove', event => {
      const box = svg.getBoundingClientRect();
      const scale = width / box.width;
      const column = Math.floor(((event.clientX - box.left) * scale - margin) / size);
      const row = Math.floor((event.clientY - box.top) * scale / size);
      const i = row * columns + column;
      const inside = column >= 0 && column < columns && i >= 0 && i < cells;
      tip.hidden = !inside;
      here.setAttribute('x', inside ? margin + column * size - .5 : -99);
      here.setAttribute('y', inside ? row * size - .5 : -99);
      if (inside) {
        tip.textContent = describe(block, i);
        tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8) + 'px';
        tip.style.top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8) + 'px';
      }
    });
    svg.addEventListener('mouseleave', () => {
      tip.hidden = true;
      here.setAttribute('x', -99);
    });
    return svg;
  }

  // A block without data that is all of one kind is one cell, however large it is.
  function simple(block) {
    return block.data === 0 && (block.zero === 0 || block.missing === 0) && block.pages > 0
      ? {...block, perCell: block.pages, cells: [0, block.zero, -1]}
      : block;
  }

  function blocks() {
    const small = element('div', 'small');
    for (const block of data.blocks.map(simple)) {
      const box = element('div', 'block');
      const head = element('div', 'head');
      const kinds = [[block.data, ' data'], [block.zero, ' zero'], [block.missing, ' missing'], [block.resent, ' re-sent']]
        .filter(([n]) => n > 0).map(([n, kind]) => count(n) + kind).join(', ');
      head.append(element('h3', '', block.name), element('span', 'faint', block.size + ' · ' + (kinds || 'no pages')));
      const cells = block.cells.length / 3;
      if (block.perCell > 1 && cells > 1) {
        head.append(element('span', 'faint', 'a cell is ' + pages(block.perCell)));
      }
      box.append(head);
      if (cells > 0) box.append(map(block));
      (cells > 64 ? byId('blocks') : small).append(box);
    }
    if (small.childElementCount > 0) byId('blocks').append(small);
  }

  function sections() {
    const most = Math.max(1, ...data.sections.map(s => s.bytes));
    for (const s of data.sections) {
      const row = element('tr');
      const bar = element('td', 'bar');
      const svg = shape('svg', {width: 90, height: 9});
      svg.append(shape('rect', {width: Math.max(1, 90 * s.bytes / most), height: 9, rx: 2}));
      bar.append(svg);
      row.append(
        element('td', '', s.name),
        element('td', 'number', s.instance ?? ''),
        element('td', 'number', s.version ?? ''),
        element('td', 'kind', s.kind ?? ''),
        element('td', 'number', count(s.bytes)),
        bar);
      byId('sections').tBodies[0].append(row);
    }
  }

  // The fields of a node are made when it is opened first: there can be tens of thousands.
  function node(field) {
    if (!field.c) {
      const line = element('div', 'field');
      line.append(element('span', '', field.n), element('span', 'type', field.t), element('code', '', field.v));
      return line;
    }
    const details = element('details');
    const summary = element('summary');
    summary.append(element('b', '', field.n), element('span', '', field.t), element('span', '', field.v));
    details.append(summary);
    details.addEventListener('toggle', () => {
      if (details.open && details.childElementCount === 1) {
        details.append(...field.c.map(node));
      }
    });
    return details;
  }

  function contains(field, wanted) {
    return field.n.toLowerCase().includes(wanted) || (field.c ?? []).some(f => contains(f, wanted));
  }

  function devices() {
    const nodes = data.devices.map(device => [device, node(device)]);
    byId('devices').append(...nodes.map(([, n]) => n));
    if (data.cut) byId('devices').append(element('p', 'faint', data.cut));
    const show = () => {
      const wanted = byId('filter').value.trim().toLowerCase();
      let shown = 0;
      for (const [device, n] of nodes) {
        n.hidden = wanted !== '' && !contains(device, wanted);
        shown += n.hidden ? 0 : 1;
      }
      byId('found').textContent = shown + ' of ' + nodes.length + (nodes.length === 1 ? ' device' : ' devices');
    };
    byId('filter').addEventListener('input', show);
    show();
  }

  legend();
  blocks();
  sections();
  devices();
  document.documentElement.dataset.drawn = 'yes';
})();

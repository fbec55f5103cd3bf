"use strict";
/* The page of a run. Packed numbers become a mesh with fields; one canvas draws the map with WebGL,
   another one on top of it lines and marks. What is chosen stands in the address of the page. */

const $ = (id) => document.getElementById(id);
const facts = JSON.parse($("facts").textContent);
const chosen = { field: 0, frame: -1, place: null, line: null, particle: -1 };
const view = { x: facts.width / 2, y: facts.height / 2, size: 1 }; // um, and um a pixel
const buffers = {};
let group = null, gl = null, program = null, playing = 0, spots = {};

/* Rows of whole numbers of `width` bytes: planes of bytes of differences, as they were packed. */
async function rows(number, count, columns, width) {
  const packed = Uint8Array.from(atob($("chunk" + number).textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer()), found = [];
  for (let r = 0; r < count; r++) {
    const row = new (width === 2 ? Uint16Array : Uint32Array)(columns);
    for (let i = 0, last = 0; i < columns; i++) {
      row[i] = r ? found[r - 1][i] : last;
      for (let k = 0; k < width; k++) row[i] += bytes[(k * count + r) * columns + i] * 256 ** k;
      last = row[i];
    }
    found.push(row);
  }
  return found;
}

async function unpacked(packed, start) {
  const { points, triangles, step, states } = packed, made = { ...packed, start, levels: {} };
  for (const name of ["x", "y"]) {
    made[name] = Float32Array.from((await rows(packed[name], 1, points, 4))[0], (v) => v * step);
  }
  const nodes = await rows(packed.nodes, 6, triangles, 4);
  const [region] = await rows(packed.region, 1, triangles, 4);
  made.regionOf = new Uint32Array(points);
  for (const row of nodes) row.forEach((point, t) => { made.regionOf[point] = region[t]; });
  // Four straight triangles for each curved one, two straight edges for each curved one.
  made.triangles = braided(nodes, [0, 3, 5, 3, 1, 4, 5, 4, 2, 3, 4, 5]);
  made.edges = braided(await rows(packed.edges, 3, packed.rim, 4), [0, 1, 1, 2]);
  for (const [name, { where, count, values }] of Object.entries(packed.fields)) {
    const [place] = await rows(where, 1, count, 4);
    made.levels[name] = (await rows(values, states, count, 2)).map((level) => {
      const all = new Uint16Array(points).fill(facts.unknown);
      level.forEach((value, i) => { all[place[i]] = value; });
      return all;
    });
  }
  return made;
}

function braided(nodes, order) {
  const found = new Uint32Array(order.length * nodes[0].length);
  order.forEach((k, i) => nodes[k].forEach((n, t) => { found[order.length * t + i] = n; }));
  return found;
}

/* The points around a place, their weights and the region there; null outside the mesh. */
function located(px, py) {
  const { x, y, triangles } = group, cross = (dx, dy, ex, ey) => dx * ey - ex * dy;
  for (let t = 0; t < triangles.length; t += 3) {
    const a = triangles[t], b = triangles[t + 1], c = triangles[t + 2];
    const bx = x[b] - x[a], by = y[b] - y[a], cx = x[c] - x[a], cy = y[c] - y[a];
    const area = cross(bx, by, cx, cy), u = cross(px - x[a], py - y[a], cx, cy) / area;
    const v = cross(bx, by, px - x[a], py - y[a]) / area;
    if (u > -1e-5 && v > -1e-5 && u + v < 1 + 1e-5) {
      const region = group.regions[group.regionOf[a]];
      return { nodes: [a, b, c], weights: [1 - u - v, u, v], region };
    }
  }
  return null;
}

const level = (field) => (group.levels[field.name] || [])[chosen.frame - group.start];
const scaled = (field, share) => field.low + share / facts.steps * (field.high - field.low);

function valueAt(found, field) {
  const known = found && level(field) ? found.nodes.map((n) => level(field)[n]) : [facts.unknown];
  if (known.includes(facts.unknown)) return null;
  return scaled(field, known.reduce((sum, v, i) => sum + v * found.weights[i], 0));
}

const digits = (v) => (v === null || v === undefined ? "" : String(Number(v.toPrecision(5))));
const named = (field) => field.label + (field.unit ? ` (${field.unit})` : "");

function read(px, py) {
  const found = located(px, py), lines = [["x, y", `${px.toFixed(2)}, ${py.toFixed(2)} µm`]];
  if (found) {
    const { particle, material } = found.region;
    const why = facts.frames[chosen.frame].inactivity[particle];
    lines.push(["material", material]);
    if (particle >= 0) lines.push(["particle", particle + (why ? `, inactive: ${why}` : "")]);
    for (const field of facts.fields) {
      const value = valueAt(found, field);
      if (value !== null) lines.push([field.label, `${digits(value)} ${field.unit}`]);
    }
  }
  $("reading").replaceChildren(...lines.map((texts) => {
    const row = document.createElement("tr");
    for (const text of texts) row.insertCell().textContent = text;
    return row;
  }));
}

function paper(canvas) {
  const { width: w, height: h } = canvas.getBoundingClientRect(), scale = devicePixelRatio || 1;
  [canvas.width, canvas.height] = [Math.round(w * scale), Math.round(h * scale)];
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.font = "12px system-ui, sans-serif";
  return [pen, w, h];
}

function ticks(low, high) {
  const raw = (high - low) / 4, size = 10 ** Math.floor(Math.log10(raw)), found = [];
  const step = [1, 2, 5, 10].map((k) => k * size).find((s) => s >= raw * (1 - 1e-9));
  for (let k = Math.ceil(low / step); k * step <= high; k++) found.push(k * step);
  return found;
}

/* Ends of an axis; less than the part `least` of a value is rounding, not data. */
function ends(values, least) {
  const known = values.filter((v) => v !== null && v !== undefined);
  const low = known.length ? Math.min(...known) : 0, high = known.length ? Math.max(...known) : 1;
  const room = Math.max(high - low, least * Math.max(Math.abs(low), Math.abs(high)), 1e-12);
  return [(low + high - room) / 2, (low + high + room) / 2];
}

/* Curves [values, colour, dashes] over `xs`, with a mark at `mark`; unknown values leave gaps. */
function chart(id, caption, xs, curves, [along, up], mark) {
  const figure = $(id);
  [figure.hidden, figure.lastElementChild.textContent] = [false, caption];
  figure.firstElementChild.hidden = xs.length < 2;
  if (xs.length < 2) return;
  const [pen, w, h] = paper(figure.firstElementChild), [left, top] = [64, 20];
  const right = w - 12, low = h - 40;
  const [x0, x1] = ends(xs, 1e-9), [y0, y1] = ends(curves.flatMap(([values]) => values), 1e-3);
  const sx = (v) => left + (v - x0) / (x1 - x0) * (right - left);
  const sy = (v) => low - (v - y0) / (y1 - y0) * (low - top);
  [pen.strokeStyle, pen.textAlign] = ["#999", "center"];
  pen.strokeRect(left, top, right - left, low - top);
  for (const v of ticks(x0, x1)) pen.fillText(digits(v), sx(v), low + 15);
  pen.fillText(along, (left + right) / 2, h - 8);
  pen.textAlign = "right";
  for (const v of ticks(y0, y1)) pen.fillText(digits(v), left - 5, sy(v) + 4);
  [pen.textAlign, pen.lineWidth] = ["left", 1.5];
  pen.fillText(up, left, top - 6);
  for (const [values, colour, dashes] of curves) {
    pen.strokeStyle = colour;
    pen.setLineDash(dashes || []);
    pen.beginPath();
    values.forEach((v, i) => {
      const on = v !== null && i && values[i - 1] !== null;
      if (v !== null) pen[on ? "lineTo" : "moveTo"](sx(xs[i]), sy(v));
    });
    pen.stroke();
  }
  pen.fillStyle = "#b0561d";
  if (mark !== null) pen.fillRect(sx(mark), top, 1.5, low - top);
}

function charts() {
  const field = facts.fields[chosen.field], frame = facts.frames[chosen.frame], p = chosen.particle;
  const hours = facts.frames.map((f) => f.time / 3600), now = hours[chosen.frame];
  [$("along").hidden, $("particle").hidden] = [!chosen.line, p < 0];
  if (chosen.line) {
    const [x0, y0, x1, y1] = chosen.line, parts = Array.from({ length: 301 }, (_, i) => i / 300);
    if (spots.line !== chosen.line || spots.group !== group) {
      const found = parts.map((s) => located(x0 + s * (x1 - x0), y0 + s * (y1 - y0)));
      spots = { line: chosen.line, group, found };
    }
    chart("along", `From (${digits(x0)}, ${digits(y0)}) to (${digits(x1)}, ${digits(y1)}) µm.`,
      parts.map((s) => s * Math.hypot(x1 - x0, y1 - y0)),
      [[spots.found.map((place) => valueAt(place, field)), "#0b4f8a"]],
      ["distance (µm)", named(field)], null);
  }
  if (p >= 0) {
    const of = (name) => facts.frames.map((f) => f.particles[name][p]), last = frame.particles;
    const why = frame.inactivity[p] ? `, inactive: ${frame.inactivity[p]}` : "";
    const x = digits(last.stoichiometry[p]), current = digits(last.current[p]);
    const caption = x ? `, stoichiometry ${x} (dashed: at its surface)` : "";
    chart("particle", `Particle ${p}${why}: current ${current} A per m of depth${caption}.`, hours,
      [[of("stoichiometry"), "#7a3b06"],
      [of("surface_low"), "#c7752b", [4, 3]], [of("surface_high"), "#c7752b", [4, 3]]],
      ["time (h)", "stoichiometry"], now);
  }
  const { time, voltage } = facts.history;
  if (time) {
    const labels = ["time (h)", "voltage (V)"];
    chart("voltage", "", time.map((t) => t / 3600), [[voltage, "#1a1a1a"]], labels, now);
  }
}

const VERTEX = `attribute vec2 place; attribute vec3 tone; varying vec3 colour;
uniform vec2 middle, scale;
void main() { gl_Position = vec4((place - middle) * scale, 0.0, 1.0); colour = tone; }`;
const FRAGMENT = `precision mediump float; varying vec3 colour; uniform float ink;
void main() { gl_FragColor = vec4(mix(colour, vec3(0.15), ink), 1.0); }`;

function prepare() {
  gl = $("map").getContext("webgl2", { antialias: true, preserveDrawingBuffer: true });
  if (!gl) throw new Error("this browser has no WebGL 2, or it is switched off");
  program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
}

function stored(name, target, values) {
  gl.bindBuffer(target, buffers[name] = buffers[name] || gl.createBuffer());
  if (values) gl.bufferData(target, values, gl.STATIC_DRAW);
  if (target !== gl.ARRAY_BUFFER) return;
  const at = gl.getAttribLocation(program, name), bytes = values instanceof Uint8Array;
  gl.enableVertexAttribArray(at);
  gl.vertexAttribPointer(at, bytes ? 3 : 2, bytes ? gl.UNSIGNED_BYTE : gl.FLOAT, bytes, 0, 0);
}
const rgb = (text) => text.match(/[0-9a-f]{2}/g).map((pair) => parseInt(pair, 16));

function range() {
  const low = Number($("low").value), high = Number($("high").value);
  const log = $("log").checked && low > 0 && high > low, bent = log ? Math.log : (v) => v;
  const part = (v) => (bent(v) - bent(low)) / (bent(high) - bent(low) || 1);
  return { low, high, log, part };
}

/* The mesh of a state, and a colour at each of its points. */
function paint() {
  const now = facts.groups.find((g) => chosen.frame < g.start + g.states);
  if (group !== now) {
    group = now;
    const place = (_, i) => now[i % 2 ? "y" : "x"][i >> 1];
    stored("place", gl.ARRAY_BUFFER, Float32Array.from({ length: 2 * now.points }, place));
    for (const name of ["triangles", "edges"]) stored(name, gl.ELEMENT_ARRAY_BUFFER, now[name]);
  }
  const field = facts.fields[chosen.field], table = rgb(field.map), { part } = range();
  const { inactivity } = facts.frames[chosen.frame], values = level(field);
  const plain = group.regions.map((r) => rgb(inactivity[r.particle] ? facts.inactive : r.colour));
  const tones = new Uint8Array(3 * group.points);
  for (let i = 0; i < group.points; i++) {
    if (values && values[i] !== facts.unknown) {
      const k = 3 * Math.round(255 * Math.min(1, Math.max(0, part(scaled(field, values[i])) || 0)));
      tones.set(table.slice(k, k + 3), 3 * i);
    } else tones.set(plain[group.regionOf[i]], 3 * i);
  }
  stored("tone", gl.ARRAY_BUFFER, tones);
}

function draw() {
  const canvas = $("map"), { width: w, height: h } = canvas.getBoundingClientRect();
  const dots = devicePixelRatio || 1, uniform = (name) => gl.getUniformLocation(program, name);
  [canvas.width, canvas.height] = [Math.round(w * dots), Math.round(h * dots)];
  gl.viewport(0, 0, canvas.width, canvas.height);
  gl.clear(gl.COLOR_BUFFER_BIT);
  gl.uniform2f(uniform("middle"), view.x, view.y);
  gl.uniform2f(uniform("scale"), 2 / (w * view.size), 2 / (h * view.size));
  for (const [ink, name, kind] of [[0, "triangles", gl.TRIANGLES], [1, "edges", gl.LINES]]) {
    gl.uniform1f(uniform("ink"), ink);
    stored(name, gl.ELEMENT_ARRAY_BUFFER);
    gl.drawElements(kind, group[name].length, gl.UNSIGNED_INT, 0);
  }
  marks();
  bar();
  remember();
}

/* Crosses on particles that do not react, a scale, and what is chosen. */
function marks() {
  const [pen, w, h] = paper($("over")), { x, y, diameter } = facts.particles;
  const at = (px, py) => [w / 2 + (px - view.x) / view.size, h / 2 - (py - view.y) / view.size];
  const path = (...places) => pen.stroke(new Path2D("M" + places.join("L")));
  facts.frames[chosen.frame].inactivity.forEach((why, p) => {
    const [px, py] = at(x[p], y[p]), r = 0.3 * diameter[p] / view.size;
    if (why && r > 1.5) for (const s of [-r, r]) path([px - r, py - s], [px + r, py + s]);
  });
  const long = 10 ** Math.floor(Math.log10(w * view.size / 4));
  pen.fillRect(14, h - 12, long / view.size, 2);
  pen.fillText(`${digits(long)} µm`, 14, h - 17);
  [pen.lineWidth, pen.strokeStyle] = [2, "#d0421b"];
  if (chosen.line) path(at(...chosen.line.slice(0, 2)), at(...chosen.line.slice(2)));
  if (chosen.place) pen.strokeRect(...at(...chosen.place).map((v) => v - 4), 8, 8);
}

function bar() {
  const field = facts.fields[chosen.field], { low, high, log } = range();
  const tones = field.map.match(/.{6}/g).filter((_, k) => k % 15 === 0).map((tone) => "#" + tone);
  $("colours").style.background = `linear-gradient(to right, ${tones})`;
  $("middle").textContent = digits(log ? Math.sqrt(low * high) : (low + high) / 2);
  const beyond = field.high > high + 1e-4 * (field.high - field.low);
  $("most").textContent = beyond ? `the run reaches ${digits(field.high)} ${field.unit}` : "";
}

function show(anew) {
  const frame = facts.frames[chosen.frame], field = facts.fields[chosen.field];
  if (anew) {
    [$("low").value, $("high").value] = [digits(field.first), digits(field.last)];
    [$("unit").textContent, $("field").value] = [field.unit, chosen.field];
  }
  const [size, unit] = frame.time >= 7200 ? [3600, "h"] : [1, "s"];
  const volts = frame.voltage ? `${frame.voltage.toFixed(4)} V, ` : "";
  const clock = `${digits(frame.time / size)} ${unit}, ${volts}${digits(frame.current)} A/m²`;
  [$("time").value, $("clock").textContent] = [chosen.frame, clock];
  paint();
  draw();
  charts();
  if (chosen.place) read(...chosen.place);
}

function whole() {
  const { width: w, height: h } = $("map").getBoundingClientRect();
  const size = 1.04 * Math.max(facts.width / w, facts.height / h);
  Object.assign(view, { x: facts.width / 2, y: facts.height / 2, size });
}

function remember() {
  history.replaceState(null, "", "#" + encodeURIComponent(JSON.stringify({ ...chosen, view })));
}

function recall() {
  try { Object.assign(chosen, JSON.parse(decodeURIComponent(location.hash.slice(1)))); } catch { }
  Object.assign(view, chosen.view);
  const within = (k, count, other) => (Number.isInteger(k) && k >= 0 && k < count ? k : other);
  chosen.field = within(chosen.field, facts.fields.length, 0);
  chosen.frame = within(chosen.frame, facts.frames.length, facts.frames.length - 1);
  chosen.particle = within(chosen.particle, facts.particles.x.length, -1);
}

function listen() {
  const canvas = $("map");
  let start = null;
  const under = ({ clientX, clientY }) => {
    const box = canvas.getBoundingClientRect(), { x, y, size } = view;
    return [x + (clientX - box.left - box.width / 2) * size,
      y - (clientY - box.top - box.height / 2) * size];
  };
  canvas.onpointerdown = (event) => { start = { at: under(event), line: event.shiftKey }; };
  canvas.onpointermove = (event) => {
    const [x, y] = under(event);
    if (!start) { read(x, y); return; }
    const dx = x - start.at[0], dy = y - start.at[1];
    start.moved = start.moved || Math.hypot(dx, dy) > 3 * view.size;
    if (start.line) chosen.line = [...start.at, x, y];
    else if (start.moved) { view.x -= dx; view.y -= dy; }
    draw();
  };
  canvas.onpointerup = (event) => {
    if (start && !start.moved) {
      chosen.place = under(event);
      const found = located(...chosen.place), particle = found ? found.region.particle : -1;
      chosen.particle = particle in facts.particles.x ? particle : -1;
      if (start.line) chosen.line = null;
    }
    if (start && (start.line || !start.moved)) show();
    start = null;
  };
  canvas.onwheel = (event) => {
    event.preventDefault();
    const [x, y] = under(event), by = Math.exp(0.0015 * event.deltaY);
    [view.x, view.y, view.size] = [x + (view.x - x) * by, y + (view.y - y) * by, view.size * by];
    draw();
  };
  $("field").onchange = () => { chosen.field = Number($("field").value); show(true); };
  for (const id of ["low", "high", "log"]) $(id).onchange = () => show();
  $("reset").onclick = () => { $("log").checked = false; whole(); show(true); };
  $("time").oninput = () => { chosen.frame = Number($("time").value); show(); };
  $("play").onclick = () => {
    clearInterval(playing);
    playing = playing ? 0 : setInterval(() => {
      chosen.frame = (chosen.frame + 1) % facts.frames.length;
      show();
    }, 150);
    $("play").textContent = playing ? "Stop" : "Play";
  };
  onresize = () => { draw(); charts(); };
}

async function begin() {
  prepare();
  let start = 0;
  for (const [k, packed] of facts.groups.entries()) {
    facts.groups[k] = await unpacked(packed, start);
    start += packed.states;
  }
  facts.fields.forEach((field, k) => $("field").add(new Option(field.label, k)));
  [$("time").max, $("times").hidden] = [facts.frames.length - 1, facts.frames.length < 2];
  whole();
  recall();
  listen();
  show(true);
  document.body.dataset.ready = "true";
}

begin().catch((error) => {
  $("broken").hidden = false;
  $("broken").textContent = `This page cannot be shown: ${error.message}. See report.html.`;
});

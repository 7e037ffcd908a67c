"""Scores `metascope schemas --format json` against what `schema_truth.py` wrote.

    python schema_score.py FOLDER PACKAGE ... [-v] [-nROWS]

FOLDER holds truth/PACKAGE.json and ours/PACKAGE.json. `equal` counts JSON Schemas that say the
same (references followed, order and titles aside), `soft` those that do but for descriptions and
other remarks. `-v` lists the misses by cause.
"""
import json, sys, collections
from schema_truth import norm_text

NOTE = {"title", "$defs", "definitions", "$schema"}
SOFT = {"description", "examples", "deprecated", "readOnly", "writeOnly", "discriminator", "contentMediaType"}


class Differ:
    def __init__(self, a, b, soft):
        self.ra, self.rb = a, b
        self.soft = soft
        self.assumed = set()
        self.why = None

    def get(self, root, s):
        for _ in range(20):
            if isinstance(s, dict) and "$ref" in s:
                ref = s["$ref"]
                node = root
                if ref.startswith("#"):
                    for part in ref[2:].split("/"):
                        part = part.replace("~1", "/").replace("~0", "~")
                        node = node.get(part, {}) if isinstance(node, dict) else {}
                rest = {k: v for k, v in s.items() if k != "$ref"}
                node = dict(node)
                node.update(rest)
                s = node
            elif isinstance(s, dict) and isinstance(s.get("allOf"), list) and len(s["allOf"]) == 1:
                rest = {k: v for k, v in s.items() if k != "allOf"}
                node = dict(self.get(root, s["allOf"][0]))
                node.update(rest)
                s = node
            else:
                break
        if s is True:
            s = {}
        return s

    def norm(self, s):
        out = {k: v for k, v in s.items() if k not in NOTE}
        if self.soft:
            for k in SOFT:
                out.pop(k, None)
        if "const" in out:
            out["enum"] = [out.pop("const")]
        if "enum" in out:
            out.pop("type", None)
            seen = {json.dumps(v, sort_keys=True): v for v in out["enum"]}
            out["enum"] = [seen[k] for k in sorted(seen)]
        if out.get("additionalProperties") in (True, {}):
            out.pop("additionalProperties")
        if out.get("properties") == {}:
            out.pop("properties")
        if out.get("items") in (True, {}):
            out.pop("items")
        if isinstance(out.get("required"), list):
            out["required"] = sorted(out["required"])
            if not out["required"]: out.pop("required")
        if isinstance(out.get("type"), list):
            ts = out.pop("type")
            out["anyOf"] = [{"type": t} for t in ts]
        if isinstance(out.get("discriminator"), dict):
            d = dict(out["discriminator"]); m = d.pop("mapping", {})
            d["mapping"] = sorted(m)
            out["discriminator"] = d
        if "oneOf" in out and "anyOf" not in out and self.soft:
            out["anyOf"] = out.pop("oneOf")
        return out

    def same(self, a, b, path):
        key = (json.dumps(a, sort_keys=True), json.dumps(b, sort_keys=True))
        if key in self.assumed or key[0] == key[1] and "$ref" not in key[0]:
            return True
        self.assumed.add(key)
        a, b = self.get(self.ra, a), self.get(self.rb, b)
        if not isinstance(a, dict) or not isinstance(b, dict):
            return self.fail(path, a, b) if a != b else True
        a, b = self.norm(a), self.norm(b)
        for k in sorted(set(a) | set(b)):
            if k not in a or k not in b:
                return self.fail(path + [k], a.get(k, "<none>"), b.get(k, "<none>"))
            x, y = a[k], b[k]
            p = path + [k]
            if k in ("properties", "patternProperties"):
                if set(x) != set(y):
                    return self.fail(p, sorted(set(x) - set(y)), sorted(set(y) - set(x)))
                for n in x:
                    if not self.same(x[n], y[n], p + [n]):
                        return False
            elif k in ("anyOf", "oneOf", "allOf"):
                if not self.unordered(x, y, p):
                    return False
            elif k == "prefixItems":
                if len(x) != len(y):
                    return self.fail(p, x, y)
                for i, (u, v) in enumerate(zip(x, y)):
                    if not self.same(u, v, p + [str(i)]):
                        return False
            elif k in ("items", "additionalProperties", "not", "propertyNames") and isinstance(x, (dict, bool)) and isinstance(y, (dict, bool)):
                if not self.same(x, y, p):
                    return False
            elif k == "description":
                if " ".join(x.split()) != " ".join(y.split()):
                    return self.fail(p, x, y)
            elif x != y or type(x) is bool and type(y) is not bool:
                return self.fail(p, x, y)
        return True

    def flat(self, root, members, depth=0):
        out = []
        for m in members:
            s = self.get(root, m)
            rest = {k for k in s if k not in NOTE} if isinstance(s, dict) else {0}
            if rest == {"anyOf"} and depth < 5:
                out += self.flat(root, s["anyOf"], depth + 1)
            elif m not in out:
                out.append(m)
        return out

    def unordered(self, x, y, p):
        x, y = self.flat(self.ra, x), self.flat(self.rb, y)
        if len(x) != len(y):
            return self.fail(p + ["len"], x, y)
        left = list(range(len(y)))
        for i, u in enumerate(x):
            order = sorted(left, key=lambda j: j != i)
            for j in order:
                why, assumed = self.why, set(self.assumed)
                if self.same(u, y[j], p + [str(i)]):
                    left.remove(j)
                    break
                keep = self.why
                self.why, self.assumed = why, assumed
                if j == order[0]:
                    first = keep
            else:
                self.why = first if order else (p, "?", "?")
                return False
        return True

    def fail(self, path, a, b):
        self.why = (path, a, b)
        return False


def cut(x, n=110):
    s = json.dumps(x, sort_keys=True, default=str) if not isinstance(x, str) else x
    return s if len(s) <= n else s[:n] + "…"


def run(truth, ours):
    t = json.load(open(truth))
    o = {s["name"]: s for s in json.load(open(ours))["schemas"] if s["language"] == "python"}
    c = collections.Counter()
    misses = collections.defaultdict(list)
    for row in t["rows"]:
        k = row["kind"]
        c["classes"] += 1
        mine = o.get(row["name"])
        if mine is None:
            misses["class"].append((row["name"], k, ""))
            c["fields"] += len(row["fields"]); c["types"] += sum(f["type"] is not None for f in row["fields"].values())
            c["required"] += len(row["fields"])
            c["schemas"] += row["schema"] is not None
            continue
        c["classes_ok"] += 1
        if mine["kind"] != k.rstrip("1"):
            misses["kind"].append((row["name"], k, mine["kind"]))
        fs = {f["name"]: f for f in mine["fields"]}
        for n, f in row["fields"].items():
            c["fields"] += 1
            g = fs.pop(n, None)
            where = row["name"] + "." + n
            if g is None:
                misses["field missing"].append((where, k, ""))
                c["required"] += f["required"] is not None
                continue
            c["fields_ok"] += 1
            if f["type"] is not None and k not in ("enum", ):
                c["types"] += 1
                mt = norm_text(g["type"])
                if mt == norm_text(f["type"]):
                    c["types_ok"] += 1
                else:
                    misses["type"].append((where, f["type"], mt))
            if f["required"] is not None:
                c["required"] += 1
                if bool(g["required"]) == f["required"]:
                    c["required_ok"] += 1
                else:
                    misses["required"].append((where, f["required"], g["required"]))
            c["defaults"] += 1
            has = "default" in f or "factory" in f
            d = f.get("default", f.get("factory"))
            mine_d = g.get("default")
            mine_has = mine_d is not None or (has and d is None and not g["required"]) or (k != "typeddict" and not has and False)
            def clean(v):
                if isinstance(v, dict):
                    if "$enum" in v: return clean(v["$enum"])
                    if "$set" in v: return [clean(x) for x in v["$set"]]
                    return {a: clean(b) for a, b in v.items()}
                if isinstance(v, list): return [clean(x) for x in v]
                return v
            def opaque(v):
                return isinstance(v, dict) and ("$py" in v or any(opaque(x) for x in v.values())) or isinstance(v, list) and any(map(opaque, v))
            if not has:
                ok = mine_d is None
            elif opaque(d) or "factory" in f and d not in ([], {}):
                ok = mine_d is not None
            elif k == "enum":
                ok = clean(d) == mine_d
            else:
                ok = clean(d) == mine_d
            if ok: c["defaults_ok"] += 1
            else: misses["default"].append((where, cut(d) if has else "<none>", cut(mine_d)))
        for n in fs:
            c["extra"] += 1
            misses["field extra"].append((row["name"] + "." + n, k, fs[n]["type"]))
        if row["schema"] is not None:
            c["schemas"] += 1
            soft = Differ(row["schema"], mine["json_schema"], True)
            c["soft_ok"] += soft.same(row["schema"], mine["json_schema"], [])
            strict = Differ(row["schema"], mine["json_schema"], False)
            if strict.same(row["schema"], mine["json_schema"], []):
                c["schemas_ok"] += 1
            w = soft.why or strict.why
            if w:
                tag = "schema" if soft.why else "notes"
                misses[tag + " " + w[0][-1] if w[0] else tag].append((row["name"] + ":" + "/".join(w[0]), cut(w[1]), cut(w[2])))
    return t["package"], c, misses


if __name__ == "__main__":
    r = lambda c, a: f"{c[a+'_ok']/c[a]:.3f}" if c[a] else "  -  "
    verbose = "-v" in sys.argv
    names = [a for a in sys.argv[1:] if not a.startswith("-")]
    total = collections.Counter()
    every = []
    print(f"{'package':22} classes  found fields extra  types  req'd  deflt | schemas equal  soft")
    folder, names = names[0], names[1:]
    for n in names:
        p, c, m = run(f"{folder}/truth/{n}.json", f"{folder}/ours/{n}.json")
        total.update(c)
        soft = f"{c['soft_ok']/c['schemas']:.3f}" if c["schemas"] else "-"
        print(f"{p:22} {c['classes']:6} {r(c,'classes'):>6} {r(c,'fields'):>6} {c['extra']:5} {r(c,'types'):>6} {r(c,'required'):>6} {r(c,'defaults'):>6} | {c['schemas']:6} {r(c,'schemas'):>6} {soft}")
        every.append((p, m))
    c = total
    print(f"{'all':22} {c['classes']:6} {r(c,'classes'):>6} {r(c,'fields'):>6} {c['extra']:5} {r(c,'types'):>6} {r(c,'required'):>6} {r(c,'defaults'):>6} | {c['schemas']:6} {r(c,'schemas'):>6} {c['soft_ok']/max(1,c['schemas']):.3f}")
    if verbose:
        limit = int(next((a[2:] for a in sys.argv if a.startswith("-n")), 12))
        for p, m in every:
            for tag, rows in sorted(m.items(), key=lambda kv: -len(kv[1])):
                print(f"\n== {p}: {tag}: {len(rows)}")
                for row in rows[:limit]:
                    print("   ", " | ".join(str(x) for x in row))

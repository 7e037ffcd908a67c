//! What execution must get right on the way to a container: work lists, what is taken out again,
//! type tests, and the sharing out of steps.

use super::shown;

#[test]
fn a_work_list_flattens_one_table_into_another() {
    let text = "from collections import deque\nclass Opt:\n    def __init__(self, default):\n        \
                self.default = default\nTREE = {'a': {'x': Opt(1), 'y': Opt(2)}, 'b': {'z': Opt(3)}}\n\
                def pairs(ns, key, opt):\n    return [(ns + key, opt)]\n\
                def flatten(tree):\n    work = deque([('', tree)])\n    while work:\n        \
                ns, level = work.popleft()\n        for key, value in level.items():\n            \
                if isinstance(value, dict):\n                work.append((ns + key + '_', value))\n            \
                else:\n                yield from pairs(ns, key, value)\n\
                FLAT = {key: opt for key, opt in flatten(TREE)}\n";
    let (_, rows) = shown(text, "m.FLAT");
    assert_eq!(rows, ["a_x -> m.Opt", "a_y -> m.Opt", "b_z -> m.Opt"]);
}

#[test]
fn what_an_import_takes_out_is_gone_and_a_later_call_takes_nothing() {
    let text = "def a(): pass\ndef b(): pass\ndef c(): pass\ndef d(): pass\n\
                ALL = {'a': a, 'b': b, 'c': c, 'd': d}\nSOME = {**ALL}\nfor name in ('a', 'b'):\n    \
                SOME.pop(name)\ndel ALL['d']\ndef forget():\n    ALL.pop('c')\n    ALL['e'] = a\n";
    assert_eq!(shown(text, "m.SOME").1, ["c -> m.c", "d -> m.d"]);
    assert_eq!(shown(text, "m.ALL").1, ["a -> m.a", "b -> m.b", "c -> m.c", "e -> m.a"]);
}

#[test]
fn containers_and_properties_are_no_instances_of_a_class() {
    let text = "class Field:\n    pass\nclass Base:\n    def __init_subclass__(cls):\n        \
                found = cls.fields = {}\n        for base in reversed(cls.__mro__):\n            \
                found.update({k: v for k, v in base.__dict__.items() if isinstance(v, Field)})\n\
                class One(Base):\n    a = Field()\n    b = Field()\n    table = {'x': print}\n    \
                @property\n    def c(self): pass\nclass Two(One):\n    d = Field()\n";
    let (_, mut rows) = shown(text, "m.Two.fields");
    rows.sort();
    assert_eq!(rows, ["a -> m.Field", "b -> m.Field", "d -> m.Field"]);
}

#[test]
fn a_metaclass_answers_for_names_that_become_keys() {
    let text = "class Meta(type):\n    def __getitem__(cls, name):\n        return cls._base + name\n    \
                def __getattr__(cls, name):\n        return cls.__getitem__(name)\n\
                class NS(metaclass=Meta):\n    _base = 'http://x#'\n    integer: str\n    text: str\n\
                CASTS = {}\ndef cast(uri):\n    def keep(f):\n        CASTS[uri] = f\n        \
                return f\n    return keep\n@cast(NS.integer)\n@cast(NS.text)\ndef to(x): pass\n";
    let (_, rows) = shown(text, "m.CASTS");
    assert_eq!(rows, ["http://x#text -> m.to", "http://x#integer -> m.to"]);
}

#[test]
fn types_of_constants_and_letters_of_strings_are_keys() {
    let text = "def a(): pass\ndef b(): pass\nBY_TYPE = {type(None): a, type(''): b}\n\
                BY_LETTER = {}\nfor word in ('plus', 'minus'):\n    BY_LETTER[word[0]] = b\n";
    assert_eq!(shown(text, "m.BY_TYPE").1, ["NoneType -> m.a", "str -> m.b"]);
    assert_eq!(shown(text, "m.BY_LETTER").1, ["p -> m.b", "m -> m.b"]);
}

#[test]
fn costly_calls_that_keep_nothing_do_not_starve_those_that_store() {
    let mut text = String::from(
        "def crunch(n):\n    out = []\n    for i in range(300):\n        for j in range(10):\n            \
         out.append(len(str(i)) + j)\n    return out\n\
         REG = {}\ndef register(key, f):\n    REG[key] = f\n",
    );
    for at in 0..200 {
        text.push_str(&format!("def f{at}(): pass\nx{at} = crunch({at})\n"));
        text.push_str(&format!("register('k{at}', f{at})\n"));
    }
    let (_, rows) = shown(&text, "m.REG");
    assert_eq!(rows.len(), 200);
}

#[test]
fn one_call_that_stores_much_draws_on_what_others_left() {
    let text = "class Made:\n    def __init__(self, n):\n        self.n = n\n        self.m = str(n)\n        \
                self.k = (n, n, n, n)\nTABLE = {}\ndef fill():\n    for i in range(1500):\n        \
                for j in ('a', 'b'):\n            TABLE[f'{i}{j}'] = Made(i)\nfill()\n";
    let (_, rows) = shown(text, "m.TABLE");
    assert_eq!(rows.len(), 3000);
}

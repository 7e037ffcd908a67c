//! Random entity programs: split execution must equal direct execution.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;

/// Programs per run, all in one interpreter.
const PROGRAMS: usize = 100;

/// Reads choices off bytes; runs dry into zeros, so that programs end.
struct Source {
    bytes: Vec<u8>,
    at: usize,
    fresh: u32,
}

impl Source {
    fn pick(&mut self, count: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte as usize % count
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.pick(of.len())]
    }

    fn entity(&mut self) -> String {
        self.one(&["a", "b", "self.best", "pool[x % 2]", "a"]).to_string()
    }

    fn number(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.one(&["1", "x", "y", "self.total", "2", "len(pool)"]).to_string();
        }
        let d = depth - 1;
        match self.pick(17) {
            0 | 1 => format!("{}.value", self.entity()),
            2 | 3 => format!("{}.get({})", self.entity(), self.number(d)),
            4 => format!("({} + {})", self.number(d), self.number(d)),
            5 => format!("({} - {})", self.number(d), self.number(d)),
            6 => format!("({} and {})", self.number(d), self.number(d)),
            7 => format!("({} or {})", self.number(d), self.number(d)),
            8 => format!("({} if {} else {})", self.number(d), self.test(d), self.number(d)),
            9 => format!("({} := {})", self.one(&["x", "y", "z"]), self.number(d)),
            10 => format!("sum({} for e in pool)", self.element(d)),
            11 => format!("max([{} for e in pool if {}] or [0])", self.element(d), self.element(0)),
            // Plain parts only: before 3.12 no string may nest in a string.
            12 => format!("len(f'{{{}}}-{{{}.value}}')", self.number(0), self.one(&["a", "b"])),
            13 => format!("[{}, {}][{} % 2]", self.number(d), self.number(d), self.number(d)),
            14 => format!("self.helper({}, {})", self.entity(), self.number(d)),
            15 => format!("int({} < {} <= {})", self.number(d), self.number(d), self.number(d)),
            _ => format!("add({}, k={})", self.number(d), self.number(d)),
        }
    }

    fn element(&mut self, depth: u32) -> String {
        let more = self.number(depth);
        format!("{} + {more}", self.one(&["e.value", "e.get(1)", "e.value * e.get(x)", "x"]))
    }

    fn test(&mut self, depth: u32) -> String {
        let d = depth.saturating_sub(1);
        match self.pick(6) {
            0 => format!("{} > {}", self.number(d), self.number(d)),
            1 => format!("not {}.is_big()", self.entity()),
            2 => format!("{} % 2 and {}.is_big()", self.number(d), self.entity()),
            3 => format!("any(e.is_big() or {} for e in pool)", self.number(d)),
            4 => format!("({} or {}) and {}", self.number(d), self.number(d), self.number(d)),
            _ => format!("{} <= {}", self.number(d), self.number(d)),
        }
    }

    fn body(&mut self, depth: u32, looping: bool, out: &mut String, indent: usize) {
        for _ in 0..=self.pick(3) {
            self.stmt(depth, looping, out, indent);
        }
    }

    fn stmt(&mut self, depth: u32, looping: bool, out: &mut String, indent: usize) {
        let pad = "    ".repeat(indent);
        let mut line = |text: String| out.push_str(&format!("{pad}{text}\n"));
        let choices = if depth == 0 { 9 } else { 18 };
        match self.pick(choices) {
            0 | 1 => line(format!("{} = {}", self.one(&["x", "y", "z"]), self.number(2))),
            2 => line(format!("{} += {}", self.one(&["x", "self.total", "y"]), self.number(2))),
            3 => line(format!("{}.value = {}", self.entity(), self.number(2))),
            4 => line(format!("{}.value += {}", self.entity(), self.number(1))),
            5 => line(format!("self.seen.append({})", self.number(2))),
            6 => line(format!("{}.poke({})", self.entity(), self.number(1))),
            7 if looping => line(self.one(&["break", "continue"]).to_string()),
            7 => line(format!("x, y = {}, {}", self.number(1), self.number(2))),
            8 => match self.pick(4) {
                0 => line(format!("return {}", self.number(2))),
                1 => line(format!("raise KeyError({})", self.number(1))),
                2 => line(format!("d[{}] += {}", self.number(1), self.number(1))),
                _ => line("del z".into()),
            },
            9 | 10 => {
                line(format!("if {}:", self.test(2)));
                self.body(depth - 1, looping, out, indent + 1);
                match self.pick(3) {
                    0 => {
                        out.push_str(&format!("{pad}else:\n"));
                        self.body(depth - 1, looping, out, indent + 1);
                    }
                    1 => {
                        out.push_str(&format!("{pad}elif {}:\n", self.test(1)));
                        self.body(depth - 1, looping, out, indent + 1);
                    }
                    _ => {}
                }
            }
            11 | 12 => {
                let over = self.one(&["pool", "range(3)", "[a, b]", "enumerate(pool)"]);
                let name = self.one(&["e", "z"]);
                line(format!("for {name} in {over}:"));
                self.body(depth - 1, true, out, indent + 1);
                self.orelse(depth, looping, out, indent);
            }
            13 => {
                self.fresh += 1;
                let n = self.fresh;
                line(format!("n{n} = 0"));
                let test = self.test(1);
                out.push_str(&format!("{pad}while n{n} < 3 and ({test}):\n"));
                out.push_str(&format!("{pad}    n{n} += 1\n"));
                self.body(depth - 1, true, out, indent + 1);
                self.orelse(depth, looping, out, indent);
            }
            14 | 15 => {
                line("try:".into());
                self.body(depth - 1, looping, out, indent + 1);
                let handled = self.pick(4);
                if handled < 3 {
                    let kind = self.one(&["KeyError", "(ValueError, NameError)", "Exception"]);
                    out.push_str(&format!("{pad}except {kind} as error:\n"));
                    self.body(depth - 1, looping, out, indent + 1);
                    if self.pick(4) == 0 {
                        out.push_str(&format!("{pad}    raise\n"));
                    }
                    if self.pick(3) == 0 {
                        out.push_str(&format!("{pad}else:\n"));
                        self.body(depth - 1, looping, out, indent + 1);
                    }
                }
                if handled > 1 {
                    out.push_str(&format!("{pad}finally:\n"));
                    self.body(depth - 1, looping, out, indent + 1);
                }
            }
            16 => {
                line(format!("with Guard(self.seen, {}) as z:", self.number(1)));
                self.body(depth - 1, looping, out, indent + 1);
            }
            _ => {
                line(format!("match {} % 3:", self.number(2)));
                out.push_str(&format!("{pad}    case 0:\n"));
                self.body(depth - 1, looping, out, indent + 2);
                out.push_str(&format!("{pad}    case z if {}:\n", self.test(1)));
                self.body(depth - 1, looping, out, indent + 2);
                if self.pick(2) == 0 {
                    out.push_str(&format!("{pad}    case y:\n"));
                    self.body(depth - 1, looping, out, indent + 2);
                }
            }
        }
    }

    fn orelse(&mut self, depth: u32, looping: bool, out: &mut String, indent: usize) {
        if self.pick(3) == 0 {
            out.push_str(&format!("{}else:\n", "    ".repeat(indent)));
            self.body(depth - 1, looping, out, indent + 1);
        }
    }
}

const WORLD: &str = r#"
class Guard:
    def __init__(self, log, quiet):
        self.log, self.quiet = log, quiet

    def __enter__(self):
        self.log.append("enter")
        return len(self.log)

    def __exit__(self, kind, error, trace):
        self.log.append(kind.__name__ if kind else "exit")
        return bool(self.quiet and self.quiet % 2)


def add(n, k=0):
    return n + k


class Cell:
    def __init__(self, name: str, value: int):
        self.name = name
        self.value = value
        self.calls: list = []

    def __key__(self):
        return self.name

    def get(self, n: int) -> int:
        self.calls.append(("get", n))
        return self.value + n

    def is_big(self) -> bool:
        self.calls.append("big?")
        return self.value > 3

    def poke(self, n: int):
        self.calls.append(("poke", n))
        if n % 5 == 4:
            raise ValueError(n)
        self.value += n % 7


class Actor:
    def __init__(self, name: str, best: Cell):
        self.name = name
        self.total = 1
        self.seen: list = []
        self.best = best

    def __key__(self):
        return self.name

    def helper(self, cell: Cell, n: int) -> int:
        self.total += 1
        if n > 50:
            raise KeyError(n)
        return cell.get(n) % 11

"#;

#[test]
fn random_programs_do_the_same_split_and_whole() {
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), seed);
    let bytes = proptest::collection::vec(proptest::num::u8::ANY, 40..160);
    let mut trials = Vec::new();
    while trials.len() < PROGRAMS {
        let tree = bytes.new_tree(&mut runner).expect("bytes are easy to find");
        let mut source = Source { bytes: tree.current(), at: 0, fresh: 0 };
        let mut body = String::new();
        source.body(3, false, &mut body, 2);
        source.body(2, false, &mut body, 2);
        let text = format!(
            "{WORLD}    def run(self, a: Cell, b: Cell, pool: list[Cell], x: int, y: int):\n        \
             d = {{n: n for n in range(-200, 200)}}\n{body}        return x, y\n"
        );
        trials.push(Trial {
            source: text,
            function: "m.Actor.run".into(),
            arguments: "(lambda a, b, c: [Actor('u', c), a, b, [b, c], 2, 5])(\
                        Cell('a', 1), Cell('b', 4), Cell('c', 3))"
                .into(),
        });
    }
    let refused = trials.iter().filter(|trial| {
        let linked = linked(&trial.source);
        linked.splits.iter().any(|split| split.refused.is_some())
    });
    assert_eq!(refused.count(), 0);
    assert_same(&trials);
}

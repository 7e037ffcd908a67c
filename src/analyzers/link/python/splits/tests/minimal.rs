//! Saves are minimal: without any one of them some path of the program breaks.

use super::*;

const SOURCE: &str = r#"
class Item:
    def __init__(self, name: str, price: int = 3, stock: int = 10):
        self.name = name
        self.price = price
        self.stock = stock

    def __key__(self):
        return self.name

    def take(self, n: int) -> bool:
        if self.stock < n:
            raise ValueError(f"{self.name} has {self.stock}")
        self.stock -= n
        return True


class User:
    def __init__(self, name: str):
        self.name = name
        self.balance = 30

    def __key__(self):
        return self.name

    def buy(self, amount: int, item: Item, note: str = "x") -> str:
        total = amount * item.price
        if self.balance < total:
            return note
        label = f"{amount} of {item.name}"
        if not item.take(amount):
            return "none"
        self.balance -= total
        return label

    def basket(self, items: list[Item], limit: int) -> list:
        bought, skipped, rest = [], 0, limit
        for at, item in enumerate(items):
            price = item.price
            if price > rest:
                skipped += 1
                continue
            try:
                item.take(at + 1)
            except ValueError as error:
                bought.append(str(error))
            else:
                rest -= price
                bought.append(at)
            finally:
                self.balance -= 1
        return [bought, skipped, rest, item.stock]

    def choose(self, one: Item, two: Item, flag: bool) -> int:
        first = one.price if flag else two.price
        second = two.stock
        while first < second and one.take(1):
            first += two.price
        return first * 100 + (second if flag else one.stock)
"#;

/// Calls that together walk every path of the methods above.
const CALLS: [(&str, &str); 9] = [
    ("m.User.buy", "[User('u'), 2, Item('a'), 'poor']"),
    ("m.User.buy", "[User('u'), 20, Item('a'), 'poor']"),
    ("m.User.basket", "[User('u'), [Item('a'), Item('b', 50), Item('c', 2, 0)], 20]"),
    ("m.User.basket", "[User('u'), [Item('a', 1), Item('b', 2)], 3]"),
    ("m.User.basket", "[User('u'), [Item('a', 9), Item('b', 1, 9)], 3]"),
    ("m.User.choose", "[User('u'), Item('a', 1), Item('b', 2, 20), True]"),
    ("m.User.choose", "[User('u'), Item('a', 1), Item('b', 2, 20), False]"),
    ("m.User.choose", "[User('u'), Item('a', 1), Item('b', 9, 2), False]"),
    ("m.User.choose", "[User('u'), Item('a', 1), Item('b', 9, 2), True]"),
];

#[test]
fn without_any_save_some_path_breaks() {
    let emitted = emitted(SOURCE);
    let linked = linked(SOURCE);
    // One variant of the program per save, with that local left out of the saved frame.
    let mut variants: Vec<(String, Vec<Value>)> = Vec::new();
    for function in &emitted.functions {
        for suspension in &split(&linked, &function.name).suspensions {
            for save in &suspension.saves {
                let end = format!(", {}, _ms_request)", suspension.id);
                let drop = |line: &str| match line.contains("return ('cut'") && line.ends_with(&end)
                {
                    true => line.replace(&format!("'{save}', "), ""),
                    false => line.to_string(),
                };
                let code: Vec<String> = function.code.lines().map(drop).collect();
                let code = code.join("\n") + "\n";
                assert_ne!(code, function.code, "{} saves {save}", function.name);
                let with = |one: &EmittedFunction| {
                    let mut job = one.to_json();
                    if one.name == function.name {
                        job["code"] = code.clone().into();
                    }
                    job
                };
                let what = format!("{} without `{save}` at {}", function.name, suspension.id);
                variants.push((what, emitted.functions.iter().map(with).collect()));
            }
        }
    }
    assert!(variants.len() > 15, "{}", variants.len());
    let jobs = variants.iter().flat_map(|(_, functions)| {
        CALLS.iter().map(move |(function, arguments)| {
            json!({
                "module": "m", "source": SOURCE, "function": function, "arguments": arguments,
                "functions": functions, "seconds": 2,
            })
        })
    });
    let Some(outcomes) = run_jobs(&jobs.collect::<Vec<Value>>()) else { return };
    for ((what, _), outcomes) in variants.iter().zip(outcomes.chunks(CALLS.len())) {
        let differs = |outcome: &Value| {
            ["error", "result", "world"]
                .iter()
                .any(|part| outcome["direct"][part] != outcome["split"][part])
        };
        assert!(outcomes.iter().any(differs), "{what} nothing breaks");
    }
}

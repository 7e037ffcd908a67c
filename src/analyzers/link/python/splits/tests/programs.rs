//! Every construct, executed both ways.

use super::*;

/// Entities that each program starts with.
const SHOP: &str = r#"
class Item:
    def __init__(self, name: str, price: int = 3, stock: int = 10):
        self.name = name
        self.price = price
        self.stock = stock
        self.log: list[str] = []

    def __key__(self):
        return self.name

    def get_price(self) -> int:
        return self.price

    def get_stock(self) -> int:
        return self.stock

    def is_cheap(self) -> bool:
        self.log.append("cheap?")
        return self.price < 5

    def update_stock(self, amount: int) -> bool:
        self.log.append(f"update {amount}")
        if self.stock + amount < 0:
            return False
        self.stock += amount
        return True

    def fail(self, message: str = "no"):
        self.log.append("fail")
        raise ValueError(message)

    def twice(self, n: int) -> int:
        self.log.append(f"twice {n}")
        return n * 2

"#;

const ARGUMENTS: &str =
    "(lambda a, b, c: [User('u'), a, [a, b, c]])(Item('a', 3), Item('b', 7, 1), Item('c', 4, 0))";

/// Runs bodies of `run(self, item: Item, items: list[Item])`.
fn check(bodies: &[&str]) {
    check_as("def", bodies);
}

fn check_as(def: &str, bodies: &[&str]) {
    let trials: Vec<Trial> = bodies
        .iter()
        .map(|body| {
            let body: String = body.lines().map(|line| format!("        {line}\n")).collect();
            let source = format!(
                "{SHOP}\nclass User:\n    def __init__(self, name: str):\n        self.name = name\n\
                 \x20       self.balance = 100\n        self.total = 0\n        self.seen = []\n\
                 \x20       self.favourite: Item = Item('fav', 2)\n\n\
                 \x20   def __key__(self):\n        return self.name\n\n\
                 \x20   def charge(self, item: Item, n: int) -> int:\n\
                 \x20       cost = item.get_price() * n\n        self.balance -= cost\n\
                 \x20       return cost\n\n\
                 \x20   {def} run(self, item: Item, items: list[Item]):\n{body}"
            );
            Trial { source, function: "m.User.run".into(), arguments: ARGUMENTS.into() }
        })
        .collect();
    for (trial, body) in trials.iter().zip(bodies) {
        let linked = linked(&trial.source);
        let split = split(&linked, "m.User.run");
        assert_eq!(split.refused, None, "{body}");
        assert!(!split.suspensions.is_empty(), "{body}");
    }
    assert_same(&trials);
}

#[test]
fn straight_lines_and_nested_calls() {
    check(&[
        "price = item.get_price()\nreturn price * 2",
        "total = 2 * item.price\nif self.balance < total:\n    return False\nok = item.update_stock(-2)\nif not ok:\n    return False\nself.balance -= total\nreturn True",
        "return item.twice(items[1].twice(item.get_price()))",
        "return [item.get_price(), self.balance, item.twice(self.balance), (item.price, 1)]",
        "self.balance += item.get_price()\nself.seen.append(item.get_price())\nreturn self.balance",
        "x = 1\nx += item.get_price()\nx *= item.price + x\nreturn x",
        "item.price = self.balance + items[2].price\nitem.stock += item.price\nreturn item.stock",
        "a = b = item.price\n(c, d), *rest = (item.price, item.stock), 1, 2\nreturn a, b, c, d, rest",
        "d = {}\nd[item.get_price()] = item.stock\nd[item.price] += item.get_price()\nreturn d",
        "item.price, x = 9, item.get_price()\nreturn x, item.get_price()",
        "new = Item('new', price=item.get_price() + 1)\nnew.stock = 4\nself.seen.append(new)\nreturn new.get_stock()",
        "return self.charge(item, 2) + self.charge(items[1], self.balance)",
        "me = self\nme.total = me.charge(item, 1)\nreturn self.total + self.favourite.get_price()",
        "self.favourite.price = 11\nself.favourite.stock -= self.favourite.price\nreturn self.favourite.stock",
        "return print('p', item.price, sep='-', end=str(item.get_stock()))",
        "args = [1]\nreturn max(*args, item.price, *[item.stock, 5], key=lambda n: -n)",
        "return str(item.price).join([str(item.get_stock()), 'x'])[item.twice(0):item.twice(2)]",
        "first, *others = items\nreturn first.get_price(), [len(others), others[0].stock]",
        "alias = item\nbest = alias if alias.price > 2 else items[1]\nreturn best.get_stock()",
    ]);
}

#[test]
fn short_circuits_conditions_and_walrus() {
    check(&[
        "if item.is_cheap() and items[1].is_cheap():\n    return 'both'\nreturn 'not both'",
        "if self.balance > 5 and (item.is_cheap() or items[1].is_cheap()) and not items[2].is_cheap():\n    return 1\nelif items[2].is_cheap():\n    return 2\nelse:\n    self.total = 5\nreturn 3",
        "ok = item.get_stock() and items[2].get_stock() or items[1].get_price()\nreturn ok",
        "return 0 < item.price < items[1].get_price() < self.balance",
        "return item.price < items[2].stock < items[1].get_price()",
        "if 1 < item.get_price() <= items[2].get_price() != 4:\n    return 'in'\nreturn 'out'",
        "return item.price if items[1].is_cheap() else items[2].get_price() + item.stock",
        "while (n := item.get_stock()) > 7:\n    item.update_stock(-1)\n    if (m := item.twice(n)) > 100:\n        break\nreturn n, m",
        "x = 1\nreturn x + (x := item.get_price()) + x",
        "return (y := self.balance) + item.twice(y) + (y := item.price) + y",
        "return f'{self.balance}/{item.price:>{item.get_stock()}}/{item.name!r}/{item.stock=}'",
        "return not (item.is_cheap() and items[1].is_cheap())",
        "assert item.get_price() == 3, 'price'\nassert items[1].get_price() == 3, f'got {self.balance}'\nreturn 1",
        "return [item.price if i else items[1].price for i in range(2)] + [self.balance]",
    ]);
}

#[test]
fn loops() {
    check(&[
        "total = 0\nfor one in items:\n    total += one.get_price()\nreturn total",
        "for i, one in enumerate(items):\n    if one.stock == 0:\n        break\n    one.update_stock(-i)\nelse:\n    return 'all'\nreturn i",
        "for one in items:\n    if not one.is_cheap():\n        continue\n    self.total += one.price\nelse:\n    self.total += 1000\nreturn self.total",
        "n = 0\nwhile item.update_stock(-3):\n    n += 1\nelse:\n    n += 100\nreturn n",
        "while True:\n    if not item.update_stock(-4):\n        return item.stock\n    self.total += 1",
        "out = []\nfor a in items:\n    for b in items:\n        if a.price < b.price:\n            out.append((a.get_stock(), b.name))\n        elif b.stock > 5:\n            break\n    else:\n        out.append(None)\nreturn out",
        "by = {one.name: one for one in items}\nfor name, one in by.items():\n    self.seen.append((name, one.price))\nreturn sum(one.price for one in by.values())",
        "for a, b in zip(items, reversed(items)):\n    self.seen.append(a.price - b.stock)\nreturn self.seen",
        "i = 0\nwhile i < len(items) and items[i].get_stock():\n    i += 1\nreturn i",
        "for item.price in [4, 5]:\n    self.seen.append(item.get_price())\nreturn self.seen",
        "for x in []:\n    item.get_price()\nreturn 'none'",
    ]);
}

#[test]
fn comprehensions_and_generators() {
    check(&[
        "return [one.get_price() for one in items]",
        "return {one.name: one.get_price() for one in items if one.is_cheap()}",
        "return {one.price % 2 for one in items}",
        "item_ = 5\nreturn [(a.price, b.stock) for a in items if a.is_cheap() for b in items if b.price > a.price], item_",
        "one = 'kept'\nr = [one.price for one in items]\nreturn one, r",
        "return sum(one.get_price() * one.stock for one in items)",
        "return any(one.get_price() > 5 for one in items), all(one.is_cheap() for one in items)",
        "return ','.join(str(one.get_price()) for one in items), max((one.stock for one in items), default=0)",
        "return sorted(one.price for one in items)[item.twice(0)]",
        "if any(one.is_cheap() for one in items) and all(one.get_stock() for one in items):\n    return 'y'\nreturn 'n'",
        "return [[one.twice(n) for n in range(2)] for one in items]",
        "return [y for one in items if (y := one.get_price()) > 3], y",
        "return [n for n in range(item.get_price())], self.balance",
        "return dict((one.name, one.stock) for one in items), tuple(one.price for one in items)",
        "fs = [(lambda n: n + 1) for _ in range(item.get_price())]\nreturn [f(1) for f in fs]",
    ]);
}

#[test]
fn exceptions_and_managers() {
    check(&[
        "try:\n    item.fail('x')\nexcept ValueError as e:\n    return str(e), item.get_stock()\nreturn 'no'",
        "x = 1\ntry:\n    x = item.fail()\nexcept (KeyError, TypeError):\n    return 'k'\nexcept ValueError:\n    self.total = x\nelse:\n    self.total = 50\nfinally:\n    self.seen.append(item.get_price())\nreturn self.total",
        "try:\n    return item.get_price()\nfinally:\n    item.update_stock(-1)\n    self.seen.append('f')",
        "for one in items:\n    try:\n        if one.price > 5:\n            continue\n        if one.stock == 0:\n            break\n        self.seen.append(one.get_stock())\n    finally:\n        self.seen.append(one.get_price())\nreturn self.seen",
        "try:\n    try:\n        item.fail('inner')\n    except KeyError:\n        return 1\n    finally:\n        self.seen.append(item.stock)\nexcept ValueError as error:\n    self.seen.append(error)\n    return item.price",
        "try:\n    item.fail('again')\nexcept ValueError:\n    self.seen.append(item.get_price())\n    raise",
        "try:\n    x = 1 // (item.get_price() - 3)\nexcept ZeroDivisionError:\n    x = item.get_stock()\nreturn x",
        "n = 0\nwhile True:\n    try:\n        n += 1\n        if n > 2:\n            return n\n        item.fail()\n    except ValueError:\n        continue\n    finally:\n        self.total += item.price",
        "try:\n    item.fail()\nfinally:\n    self.seen.append(item.twice(3))",
        "import contextlib\nwith contextlib.suppress(ValueError):\n    self.seen.append(item.get_price())\n    item.fail()\n    self.seen.append('never')\nreturn item.stock",
        "import contextlib\nwith contextlib.ExitStack() as stack, contextlib.nullcontext(item.get_price()) as price:\n    stack.callback(self.seen.append, 'closed')\n    return price + item.stock",
        "import contextlib\nfor one in items:\n    with contextlib.nullcontext(one) as same:\n        if one.get_stock() == 1:\n            continue\n        if one.get_stock() == 0:\n            break\n        self.total += 1\nreturn self.total",
        "if item.get_price() > 2:\n    raise RuntimeError(f'bad {item.stock}') from ValueError('cause')\nreturn 1",
        "try:\n    undefined = item.get_price() if self.total else missing_name\nexcept NameError as e:\n    return item.stock\n",
        "if item.stock > 100:\n    late = 1\nitem.get_price()\nreturn late",
        "x = 5\ndel x\nitem.get_price()\ntry:\n    return x\nexcept UnboundLocalError:\n    return item.stock",
        "try:\n    item.fail()\nexcept ValueError as e:\n    kept = e\n    self.seen.append(item.price)\ntry:\n    return e\nexcept NameError:\n    return kept",
    ]);
}

#[test]
fn matches_and_inner_functions() {
    check(&[
        "match item.get_price():\n    case 1 | 2:\n        return 'low'\n    case n if n > items[1].get_price():\n        return 'high', n\n    case 3 as three if self.balance > 5:\n        item.update_stock(-1)\n        return three, item.stock\n    case _:\n        return 'other'",
        "match [item.price, item.stock]:\n    case [a, b] if a > b:\n        x = a\n    case [a, *rest]:\n        x = rest + [item.get_price()]\n    case {'k': v, **more}:\n        x = v\nreturn a, x",
        "match item.name:\n    case 'z':\n        return item.get_price()\nreturn 'fell through'",
        "def double(n):\n    return n * 2\nx = double(item.get_price())\nreturn double(x + item.stock)",
        "base = item.get_price()\nreturn sorted([1, 5, 3], key=lambda n: abs(n - base)), item.stock",
        "text = '''\nlines\n  kept'''\nif self.balance:\n    text += '''\nmore\n'''\nreturn text * item.get_price()",
        "import math as m\nfrom os import path\nreturn m.floor(item.price / 2), path.join('a', str(item.stock))",
        "global COUNT\nCOUNT = item.get_price()\nCOUNT += item.stock\nreturn COUNT",
    ]);
}

#[test]
fn groups_of_exceptions() {
    const GROUP: &str = "def fail():\n    raise ExceptionGroup('g', [ValueError('a'), TypeError('b'), ExceptionGroup('h', [ValueError('c'), KeyError('d')])])\n";
    let bodies = [
        "try:\n    item.get_price()\n    fail()\nexcept* ValueError as g:\n    self.seen.append([len(g.exceptions), item.get_price()])\nexcept* (TypeError, KeyError):\n    self.seen.append(item.stock)\nelse:\n    self.seen.append('none')\nfinally:\n    self.seen.append(items[1].price)\nreturn self.seen",
        "try:\n    fail()\nexcept* TypeError:\n    self.seen.append(item.get_price())",
        "try:\n    item.fail('alone')\nexcept* ValueError as g:\n    return_ = [repr(g), item.stock]\nreturn return_",
        "try:\n    try:\n        fail()\n    except* ValueError as g:\n        item.get_price()\n        raise RuntimeError('again')\n    except* TypeError:\n        item.stock\n        raise\nexcept* RuntimeError as g:\n    self.seen.append(repr(g))\nexcept* (TypeError, KeyError) as g:\n    self.seen.append(repr(g))\nreturn self.seen",
        "try:\n    item.get_price()\nexcept* ValueError:\n    return_ = 1\nelse:\n    return_ = item.stock\nreturn return_",
    ];
    let bodies: Vec<String> = bodies.iter().map(|body| format!("{GROUP}{body}")).collect();
    check(&bodies.iter().map(String::as_str).collect::<Vec<&str>>());
}

#[test]
fn raised_in_a_handler_has_its_context() {
    check(&[
        "try:\n    try:\n        item.fail('one')\n    except ValueError:\n        item.get_price()\n        raise KeyError('two')\nexcept KeyError as e:\n    return repr(e.__context__), e.__suppress_context__",
        "import sys\ntry:\n    item.fail('one')\nexcept ValueError:\n    price = item.get_price()\n    return repr(sys.exc_info()[1]), price",
        "try:\n    item.fail('one')\nexcept ValueError:\n    try:\n        item.get_price()\n        raise ValueError('two')\n    except ValueError as e:\n        item.get_price()\n        return repr(e.__context__)",
        "try:\n    item.fail()\nexcept ValueError:\n    if item.get_price() > 100:\n        return 1\nreturn 2",
    ]);
}

#[test]
fn definitions_and_assertions() {
    check(&[
        "fs = [lambda k=one.get_price(): k for one in items]\nreturn [f() for f in fs]",
        "def inner(n=item.get_price(), *, m=item.stock):\n    return n + m\nreturn inner(), inner(1)",
        "def times(n):\n    return lambda f: lambda: f() * n\n@times(item.get_price())\ndef two():\n    return 2\nreturn two()",
        "class Holder(*[dict] * (item.price > 1)):\n    pass\nreturn Holder.__mro__[1].__name__",
        "assert item.get_price() > 5, f'too cheap: {item.stock}'\nreturn 1",
        "assert items, item.get_price()\nreturn item.stock",
        "try:\n    assert not items, item.get_price()\nexcept AssertionError as e:\n    return e.args",
        "import itertools\nout = [a.price + b.get_stock() for a, b in itertools.combinations(items, 2)]\nfor n, group in itertools.groupby(items, key=lambda one: len(one.name)):\n    out.append((n, [one.price for one in group]))\nreturn out",
        "cart = {}\ncart.update({'a': item})\ncart.setdefault('b', items[1])\nall_ = []\nall_.extend(items)\nreturn [one.get_price() for one in cart.values()], all_[2].stock",
    ]);
}

#[test]
fn asynchronous_comprehensions() {
    const COUNT: &str = "import asyncio\nasync def count(n):\n    for i in range(n):\n        await asyncio.sleep(0)\n        yield i\n";
    let bodies = [
        "return [n + item.get_price() async for n in count(3)]",
        "return {n: one.price async for n in count(4) if n % 2 for one in items if one.stock > n}",
        "return {item.price async for n in count(2)}, [one.stock for one in items]",
        "async for n in count(5):\n    if n > item.get_price():\n        break\nelse:\n    return 'all'\nreturn n, item.stock",
    ];
    let bodies: Vec<String> = bodies.iter().map(|body| format!("{COUNT}{body}")).collect();
    check_as("async def", &bodies.iter().map(String::as_str).collect::<Vec<&str>>());
}

/// What cannot be kept is refused where it stands; nothing else is.
#[test]
fn refusals_have_reason_and_line() {
    let refused = |body: &str| {
        let body: String = body.lines().map(|line| format!("        {line}\n")).collect();
        let source = format!(
            "{SHOP}\nclass User:\n    def __key__(self):\n        return 1\n\n    def run(self, item: \
             Item, items: list[Item]):\n{body}"
        );
        let first = source.lines().count() - body.lines().count();
        let linked = linked(&source);
        let refusal = split(&linked, "m.User.run").refused.clone();
        refusal.map(|refusal| (refusal.line as usize - first, refusal.reason))
    };
    for (body, line, word) in [
        ("late = (one.get_price() for one in items)\nreturn late", 1, "lazy generator"),
        ("self.xs.extend(one.price for one in items)", 1, "lazy generator"),
        ("x = 1\nreturn lambda: item.get_price()", 2, "lambda"),
        ("def inner():\n    return item.get_price()\nreturn inner()", 1, "inner function"),
        ("n = 0\ndef inc():\n    nonlocal n\n    n += 1\nitem.get_price()\ninc()", 3, "rebinds"),
        ("n = 1\ndef show():\n    return n\nn = item.get_price()\nreturn show()", 4, "captured"),
        ("for one in items:\n    yield one.get_price()", 2, "generator"),
        ("price = item.get_price()\nreturn locals()", 2, "locals"),
    ] {
        let (at, reason) = refused(body).unwrap_or_else(|| panic!("not refused: {body}"));
        assert!(reason.contains(word), "{body}: {reason}");
        assert_eq!(at, line, "{body}");
    }
    let own = "def locals():\n    return 2\nreturn locals() + item.get_price()";
    assert_eq!(refused(own), None, "a local function of that name is not the builtin");
}

#[test]
fn recursion_constructors_and_inheritance() {
    let source = r#"
class Node:
    def __init__(self, key: str, value: int, next: "Node | None" = None):
        self.key = key
        self.value = value
        self.next: "Node | None" = next

    def __key__(self):
        return self.key

    def total(self) -> int:
        if self.next is None:
            return self.value
        return self.value + self.next.total()

    def depth(self, n: int) -> int:
        if n == 0:
            return self.next.value if self.next else 0
        return self.depth(n - 1) + 1

    @property
    def follower(self) -> int:
        return self.next.value if self.next else -1

    def __secret(self, other: "Node") -> int:
        return other.value

    def even(self, n: int, other: "Node") -> bool:
        return True if n == 0 else self.odd(n - 1, other)

    def odd(self, n: int, other: "Node") -> bool:
        other.value += 1
        return False if n == 0 else self.even(n - 1, other)

    @staticmethod
    def gap(a: "Node", b: "Node") -> int:
        return a.value - b.value


class Wide(Node):
    def __init__(self, key: str, source: Node):
        super().__init__(key, source.value)
        self.copies: dict[str, Node] = {}
        self.copies[source.key] = source

    def total(self) -> int:
        return super().total() + sum(node.total() for node in self.copies.values())

    def all(self, other: Node) -> list:
        return [self.total(), other.follower, self._Node__secret(other), self.follower]


class Plain:
    def __init__(self, node: Node):
        self.node = node

    def use(self, n: int = 2, *rest: Node, flag=True, **more: Node) -> int:
        total = self.node.total() * n
        for one in rest:
            total += one.value
        return total + more["x"].value if flag else total


def plain(a: Node, b: "list[Node]", *, times: int = 2) -> int:
    made = Wide("w", a)
    return made.total() * times + b[0].total() + Node.gap(a, b[0])


async def later(a: Node) -> int:
    import asyncio
    await asyncio.sleep(0)
    x = a.total()
    await asyncio.sleep(0)
    return x + a.value
"#;
    let chain = "Node('a', 1, Node('b', 2, Node('c', 3)))";
    let trial = |function: &str, arguments: String| Trial {
        source: source.into(),
        function: function.into(),
        arguments,
    };
    assert_same(&[
        trial("m.Node.total", format!("[{chain}]")),
        trial("m.Node.depth", format!("[{chain}, 3]")),
        trial("m.Node.even", format!("[{chain}, 4, Node('z', 0)]")),
        trial("m.Wide.total", format!("[Wide('w', {chain})]")),
        trial("m.Wide.all", format!("[Wide('w', {chain}), {chain}]")),
        trial("m.Plain.use", format!("[Plain({chain}), 3, Node('q', 9)]")),
        trial("m.plain", format!("[{chain}, [{chain}]]")),
        trial("m.later", format!("[{chain}]")),
        trial("m.Node.gap", format!("[{chain}, {chain}]")),
    ]);
    let linked = linked(source);
    assert_eq!(split(&linked, "m.Node.depth").remote_ops.min, 0);
    assert_eq!(split(&linked, "m.Node.total").remote_ops.max, Some(1), "only next.total()");
}

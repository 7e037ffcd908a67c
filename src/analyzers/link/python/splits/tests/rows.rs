//! What the rows say.

use super::*;
use crate::model::SuspensionKind;

const SHOP: &str = r#"
@entity
class Item:
    def __init__(self, item_name: str, price: int):
        self.item_name: str = item_name
        self.stock = 0
        self.price = price
        self.tags = []

    def update_stock(self, amount: int) -> bool:
        if (self.stock + amount) < 0:
            return False
        self.stock += amount
        return True

    def tag(self, *names, **more):
        for name in names:
            self.tags.append(name)
        self._touch()

    def _touch(self):
        self.touched = True

    def label(self) -> str:
        return self.item_name + str(self.price)

    def __key__(self):
        return self.item_name


@entity
class User:
    def __init__(self, username: str):
        self.username: str = username
        self.balance: int = 1

    def __key__(self):
        return self.username

    def buy_item(self, amount: int, item: Item) -> bool:
        total_price = amount * item.price

        if self.balance < total_price:
            return False

        if not item.update_stock(-amount):
            return False

        self.balance -= total_price
        return True

    def prices(self, items: "list[Item]") -> list:
        found = []
        for item in items:
            price = item.price
            found.append(price)
        return found

    def twice(self, item: Item) -> int:
        a = item.price
        b = item.stock
        item.update_stock(1)
        return a + b


def give(user: User, item: Item, note: str) -> str:
    done = user.buy_item(1, item)
    return note if done else "no"


def entity(cls):
    return cls
"#;

fn names(list: &[crate::model::Name]) -> Vec<&str> {
    list.iter().map(|name| &**name).collect()
}

#[test]
fn entities_have_key_state_and_methods() {
    let linked = linked(SHOP);
    let item = &linked.entities[0];
    assert_eq!((&*item.name, item.line, item.key.as_deref()), ("m.Item", 3, Some("item_name")));
    let state: Vec<(&str, Option<&str>, &str)> =
        item.state.iter().map(|row| (&*row.name, row.type_.as_deref(), &*row.origin)).collect();
    assert_eq!(
        state,
        [
            ("item_name", Some("str"), "annotation"),
            ("stock", Some("int"), "literal"),
            ("price", Some("int"), "parameter"),
            ("tags", Some("list"), "literal"),
            ("touched", Some("bool"), "literal"),
        ]
    );
    let method = |name: &str| item.methods.iter().find(|method| &*method.name == name).unwrap();
    assert!(method("label").read_only && !method("tag").read_only);
    assert_eq!(names(&method("tag").writes), ["tags", "touched"]);
    assert_eq!(method("tag").inputs.len(), 2);
    assert_eq!(method("update_stock").returns.as_deref(), Some("bool"));
    let buy = linked.entities[1].methods.iter().find(|method| &*method.name == "buy_item").unwrap();
    assert!(buy.suspending && !buy.read_only);
}

#[test]
fn a_purchase_is_five_fragments() {
    let linked = linked(SHOP);
    let buy = split(&linked, "m.User.buy_item");
    assert_eq!(buy.fragments, 5);
    let kinds: Vec<(SuspensionKind, &str)> =
        buy.suspensions.iter().map(|one| (one.kind, &*one.target)).collect();
    assert_eq!(
        kinds,
        [(SuspensionKind::Read, "Item.price"), (SuspensionKind::Call, "Item.update_stock")]
    );
    assert_eq!(names(&buy.suspensions[0].saves), ["amount", "item"]);
    assert_eq!(names(&buy.suspensions[1].saves), ["total_price"]);
    assert_eq!(names(&buy.suspensions[1].args), ["-amount"]);
    assert_eq!(buy.suspensions[1].receiver.as_deref(), Some("item"));
    assert_eq!((buy.remote_ops.min, buy.remote_ops.max), (1, Some(2)));
    let next: Vec<Vec<u32>> = buy.blocks.iter().map(|block| block.next.clone()).collect();
    assert_eq!(next, [vec![1], vec![2, 3], vec![], vec![4], vec![5, 6], vec![], vec![]]);
    let kinds: Vec<&str> = buy.blocks.iter().map(|block| &*block.kind).collect();
    assert_eq!(kinds, ["entry", "resume", "exit", "branch", "resume", "exit", "exit"]);
    assert_eq!(buy.hazards.iter().map(|one| &*one.kind).collect::<Vec<_>>(), ["lost-update"]);
}

/// With the reply in a local, as its readme has it: ten pieces when nothing is merged. Only the remote
/// calls cut fragments then; the test on the reply itself makes five of them.
#[test]
fn the_well_known_purchase_is_counted_in_three_ways() {
    let text = SHOP.replace(
        "        if not item.update_stock(-amount):\n",
        "        removed = item.update_stock(-amount)\n\n        if not removed:\n",
    );
    let linked = linked(&text);
    let buy = split(&linked, "m.User.buy_item");
    assert_eq!((buy.fragments, buy.blocks.len(), buy.pieces), (3, 7, Some(10)));
    assert_eq!(buy.most_hops, [0, 1, 3, 4, 6]);
}

#[test]
fn entities_say_how_they_are_made_and_what_they_return() {
    let linked = linked(
        "from dataclasses import dataclass

@dataclass
class Base:
    name: str
    size: int = 3

    def __key__(self):
        return self.name

    def both(self, flag: bool = True):
        self.seen = flag
        if flag:
            return self.name, self.size
        return

@dataclass
class More(Base):
    size: int = 4
    other: 'Base | None' = None
",
    );
    let [base, more] = linked.entities.as_slice() else { panic!("{:?}", linked.entities) };
    let made = |entity: &crate::model::Entity| {
        let inputs = entity.constructor.iter();
        inputs
            .map(|it| (it.name.to_string(), it.default.as_ref().map(ToString::to_string)))
            .collect::<Vec<_>>()
    };
    assert_eq!(made(base), [("name".into(), None), ("size".into(), Some("3".to_string()))]);
    assert_eq!(
        made(more),
        [
            ("name".into(), None),
            ("size".into(), Some("4".to_string())),
            ("other".into(), Some("None".to_string())),
        ]
    );
    let state: Vec<&str> = more.state.iter().map(|row| &*row.name).collect();
    assert_eq!(state, ["name", "size", "seen", "other"]);
    let both = base.methods.iter().find(|method| &*method.name == "both").unwrap();
    assert_eq!(both.return_arities, [2, 0]);
    assert_eq!(both.inputs[0].default.as_deref(), Some("True"));
}

#[test]
fn hazards_name_what_can_go_wrong() {
    let linked = linked(SHOP);
    let of = |name: &str| {
        let split = split(&linked, name);
        split.hazards.iter().map(|one| (&*one.kind, one.line)).collect::<Vec<_>>()
    };
    assert_eq!(of("m.User.prices"), [("scatter-gather", 54)]);
    assert_eq!(of("m.User.twice"), [("coalescable-reads", 61), ("stale-read", 63)]);
    assert_eq!(split(&linked, "m.User.prices").remote_ops.max, None);
}

#[test]
fn plain_functions_split_and_replies_go_to_locals() {
    let linked = linked(SHOP);
    let give = split(&linked, "m.give");
    assert_eq!(give.suspensions[0].result.as_deref(), Some("done"));
    assert_eq!(names(&give.suspensions[0].saves), ["note"]);
    assert_eq!(names(&give.blocks[1].live_in), ["done", "note"]);
}

#[test]
fn entities_are_known_across_files() {
    let files = [
        ("shop/__init__.py", "shop", "from .models import Item as Thing\n"),
        (
            "shop/models.py",
            "shop.models",
            "class Item:\n    price = 1\n    def __key__(self): return 1\n",
        ),
        (
            "app.py",
            "app",
            "import shop\nfrom shop import Thing\n\ndef a(x: Thing): return x.price\n\ndef b(x: 'shop.models.Item | None'): return x.price\n\ndef c(): return shop.Thing().price\n",
        ),
    ];
    let linked = with_context(&files, link);
    let found: Vec<&str> = linked.splits.iter().map(|split| &*split.function).collect();
    assert_eq!(found, ["app.a", "app.b", "app.c"]);
    assert_eq!(linked.splits[2].suspensions[0].kind, SuspensionKind::Create);
}

#[test]
fn refusals_give_reason_and_line() {
    let text = "class A:\n    def __key__(self): return 1\n    def f(self, a: 'A'):\n        yield a.x\n\
                \x20   def g(self, a: 'A'):\n        return sorted([1], key=lambda n: a.x)\n\
                \x20   def h(self, a: 'A'):\n        x = 1\n        f = lambda: x\n        a.x\n        x = 2\n        return f()\n";
    let linked = linked(text);
    let of = |name: &str| {
        let refused = split(&linked, name).refused.clone().expect("refused");
        (refused.reason, refused.line)
    };
    assert_eq!(of("m.A.f").1, 4);
    assert_eq!(of("m.A.g"), ("a remote operation inside a lambda".into(), 6));
    assert!(of("m.A.h").0.contains("`x`"));
    assert!(split(&linked, "m.A.f").blocks.is_empty());
}

#[test]
fn two_annotations_of_one_attribute_are_a_diagnostic() {
    let text = "class A:\n    x: int\n    def __key__(self): return 1\n    def f(self):\n        self.x: str = ''\n";
    let linked = linked(text);
    assert_eq!(linked.diagnostics.len(), 1);
    assert_eq!(
        (&*linked.diagnostics[0].code, linked.diagnostics[0].line),
        ("state-type-conflict", 5)
    );
}

#[test]
fn broken_and_strange_files_end() {
    let deep = format!(
        "class A:\n    def __key__(self): return 1\n    def f(self, a: 'A'):\n        return {}a.x\n",
        "a.x + ".repeat(3000)
    );
    // Extraction happens on a stack of this size as well.
    let builder = std::thread::Builder::new().stack_size(crate::analyzers::STACK_BYTES);
    let reading = builder.spawn(move || linked(&deep).splits.len()).expect("a thread");
    assert_eq!(reading.join().expect("no overflow"), 1);
    for text in [
        "class A:\n    def __key__(self)\n    def f(self, a: A):\n        for x in a.y:\n            if a.\n",
        "class A(A):\n    def __key__(self): return\n    def f(self, a: 'A'):\n        while a.x: break; continue\n        break\n",
        "class A:\n    def __key__(self): return 1\n    def f(self, a: 'A'):\n        while True:\n            while True: pass\n            a.x\n",
        "class A:\n    __key__ = 1\n    async def f(this, a: 'A'):\n        async for x in a.x: await x\n        async with a.y as z: pass\n        match a.x:\n            case _: pass\n",
    ] {
        linked(text);
    }
}

#[test]
fn conventions_name_further_marks() {
    let text = "from kept import durable, Model

@durable(ttl=3)
class Cart:
    def total(self, line: 'Line') -> int:
        return line.price

class Line(Model):
    def __init__(self):
        self.price = 1
";
    let files = [("m.py", "m", text)];
    let names = |manifests: &[Manifest]| {
        with_manifests(&files, manifests, |context| {
            let linked = link(context);
            let entities: Vec<String> =
                linked.entities.iter().map(|entity| entity.name.to_string()).collect();
            (entities, linked.splits.len())
        })
    };
    assert_eq!(names(&[]), (vec![], 0));
    let own = Manifest {
        path: ".metascope/conventions/own.toml".into(),
        text: "[[entity]]\ndecorator = 'durable'\n[[entity]]\nbase = 'kept.Model'\n".into(),
    };
    assert_eq!(names(&[own]), (vec!["m.Cart".into(), "m.Line".into()], 1));
}

#[test]
fn super_is_asked_for_again_instead_of_kept() {
    let linked = linked(
        "class Base:
    def __init__(self, key, n):
        self.key = key

    def __key__(self):
        return self.key

class Wide(Base):
    def __init__(self, key: str, other: Base):
        super().__init__(key, other.key)
        self.other = other
",
    );
    let cut = &split(&linked, "m.Wide.__init__").suspensions[0];
    assert_eq!(names(&cut.saves), ["key", "other"]);
    assert!(cut.spills.is_empty(), "{:?}", cut.spills);
}

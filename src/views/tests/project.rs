//! A small shop: one of everything the data views show.

use serde_json::{Value, json};

use crate::model::{
    Block, CallEdge, CallGraph, CallNode, Certainty, EdgeKind, Entity, Field, Finding, FindingKind,
    Flow, FlowDiagnostic, FlowEdge, FlowNode, Hazard, Language, Member, Method, NodeKind, Param,
    Project, Registry, RemoteOps, Schema, Severity, Split, StateAttribute, Suspension,
    SuspensionKind, Symbol, SymbolKind, Unresolved,
};

pub const SOURCE: &str = "\
class User:
    def __init__(self, name: str, balance: int): ...

    def buy_item(self, amount: int, item: Item) -> bool:
        total = amount * item.price()
        if self.balance < total:
            return False
        item.update_stock(-amount)
        self.balance -= total
        return True
";

pub fn shop() -> Project {
    Project {
        revision: 1,
        root: "shop".into(),
        symbols: symbols().into(),
        registries: registries().into(),
        schemas: schemas().into(),
        calls: calls().into(),
        entities: vec![user()].into(),
        splits: vec![buy_item()].into(),
        flows: vec![program(), workflow()].into(),
        findings: findings().into(),
        ..Project::default()
    }
}

fn symbols() -> Vec<Symbol> {
    let symbol = |name: &str, kind, file: &str, line, signature: &str| Symbol {
        name: name.into(),
        kind,
        language: Language::Python,
        file: file.into(),
        line,
        end_line: line + 5,
        span: Default::default(),
        signature: Some(signature.into()),
        doc: None,
        is_async: false,
    };
    use SymbolKind::{Function, Method};
    vec![
        symbol(
            "shop.entities.User.buy_item",
            Method,
            "shop/entities.py",
            4,
            "(self, amount: int, item: Item) -> bool",
        ),
        symbol("shop.orders.checkout", Function, "shop/orders.py", 20, "(cart: Cart) -> Receipt"),
        symbol("shop.web.cart_page", Function, "shop/web.py", 12, "(request)"),
    ]
}

fn registries() -> Vec<Registry> {
    let member = |key: Option<&str>, target: &str, line, certainty, why: &str| Member {
        key: key.map(Into::into),
        target: target.into(),
        file: "shop/web.py".into(),
        line,
        certainty,
        why: why.into(),
    };
    let routes = Registry {
        name: "shop.web.ROUTES".into(),
        kind: "decorator".into(),
        registrar: "shop.web.route".into(),
        language: Language::Python,
        file: "shop/web.py".into(),
        line: 5,
        certainty: Certainty::Exact,
        why: "the decorator route stores its argument in ROUTES".into(),
        members: vec![
            member(
                Some("/cart"),
                "shop.web.cart_page",
                12,
                Certainty::Exact,
                "decorated with @route(\"/cart\")",
            ),
            member(
                Some("/checkout"),
                "shop.web.handle",
                20,
                Certainty::Exact,
                "decorated with @route(\"/checkout\")",
            ),
            member(
                None,
                "shop.web.static_page",
                31,
                Certainty::Possible,
                "the key is computed from os.environ",
            ),
        ],
    };
    let handlers = Registry {
        name: "shop.events.Handler.registry".into(),
        kind: "init-subclass".into(),
        registrar: "shop.events.Handler.__init_subclass__".into(),
        line: 8,
        file: "shop/events.py".into(),
        certainty: Certainty::Inferred,
        why: "__init_subclass__ writes cls into registry".into(),
        members: vec![member(
            Some("paid"),
            "shop.events.Paid",
            22,
            Certainty::Inferred,
            "a subclass of Handler",
        )],
        ..routes.clone()
    };
    vec![handlers, routes]
}

fn schemas() -> Vec<Schema> {
    let field =
        |name: &str, type_: &str, required, default: Option<Value>, doc: Option<&str>| Field {
            name: name.into(),
            type_: type_.into(),
            written: None,
            required,
            default,
            doc: doc.map(Into::into),
        };
    let cart = Schema {
        name: "shop.orders.Cart".into(),
        kind: "dataclass".into(),
        language: Language::Python,
        file: "shop/orders.py".into(),
        line: 6,
        fields: vec![
            field("owner", "str", true, None, Some("who pays for it")),
            field("lines", "list[shop.orders.Line]", false, Some(json!("list()")), None),
            field("discount", "float | None", false, Some(Value::Null), None),
            field("currency", "Literal['EUR', 'USD']", false, Some(json!("EUR")), None),
        ],
        json_schema: json!({
            "type": "object",
            "properties": {
                "owner": {"type": "string", "description": "who pays for it"},
                "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}},
                "discount": {"anyOf": [{"type": "number"}, {"type": "null"}], "default": null},
                "currency": {"enum": ["EUR", "USD"], "default": "EUR"},
            },
            "required": ["owner"],
            "$defs": {"Line": {"type": "object"}},
        }),
    };
    let signature = Schema {
        name: "shop.orders.checkout".into(),
        kind: "function".into(),
        line: 20,
        fields: vec![],
        json_schema: json!({}),
        ..cart.clone()
    };
    vec![cart, signature]
}

/// Functions of four modules with a cycle, recursion, a library call and calls of each certainty.
fn calls() -> CallGraph {
    use NodeKind::{Builtin, Class, External, Function, Module};
    let mut names = vec![
        ("<builtin>.sum", Builtin),
        ("json.dumps", External),
        ("shop.entities.Item.price", Function),
        ("shop.entities.Item.update_stock", Function),
        ("shop.entities.User.buy_item", Function),
        ("shop.orders", Module),
        ("shop.orders.Receipt", Class),
        ("shop.orders.apply_discounts", Function),
        ("shop.orders.checkout", Function),
        ("shop.orders.total", Function),
        ("shop.storage.retry", Function),
        ("shop.storage.save", Function),
        ("shop.web.handle", Function),
        ("shop.web.main", Function),
    ];
    names.sort_unstable_by_key(|(name, _)| *name);
    let find = |name: &str| names.iter().position(|(known, _)| *known == name).unwrap() as u32;
    let node = |(name, kind): &(&str, NodeKind)| {
        let own = !matches!(kind, Builtin | External);
        let module = name.split('.').take(2).collect::<Vec<_>>().join("/");
        CallNode {
            name: (*name).into(),
            kind: *kind,
            file: own.then(|| format!("{module}.py").into()),
            line: own.then_some(20),
        }
    };
    let mut edges: Vec<CallEdge> = [
        ("shop.web.main", "shop.web.handle", Certainty::Exact),
        ("shop.web.handle", "shop.orders.checkout", Certainty::Exact),
        ("shop.orders.checkout", "shop.orders.total", Certainty::Exact),
        ("shop.orders.checkout", "shop.entities.User.buy_item", Certainty::Inferred),
        ("shop.orders.checkout", "shop.orders.Receipt", Certainty::Exact),
        ("shop.orders.checkout", "shop.storage.save", Certainty::Exact),
        ("shop.orders.checkout", "json.dumps", Certainty::Exact),
        ("shop.orders.total", "shop.orders.apply_discounts", Certainty::Exact),
        ("shop.orders.total", "<builtin>.sum", Certainty::Exact),
        ("shop.orders.apply_discounts", "shop.orders.apply_discounts", Certainty::Exact),
        ("shop.entities.User.buy_item", "shop.entities.Item.price", Certainty::Possible),
        ("shop.entities.User.buy_item", "shop.entities.Item.update_stock", Certainty::Possible),
        ("shop.storage.save", "shop.storage.retry", Certainty::Exact),
        ("shop.storage.retry", "shop.storage.save", Certainty::Exact),
    ]
    .into_iter()
    .enumerate()
    .map(|(at, (from, to, certainty))| CallEdge {
        from: find(from),
        to: find(to),
        file: "shop/orders.py".into(),
        line: 20 + at as u32,
        column: 5,
        kind: if to.ends_with("Receipt") { EdgeKind::Construct } else { EdgeKind::Call },
        certainty,
        why: "the name is bound once in its module".into(),
    })
    .collect();
    edges.sort_by_key(|edge| (edge.from, edge.line));
    let unresolved = vec![Unresolved {
        from: find("shop.orders.checkout"),
        file: "shop/orders.py".into(),
        line: 27,
        column: 9,
        text: "hooks[kind](cart)".into(),
        reason: "the container is filled from outside the project".into(),
    }];
    CallGraph { nodes: names.iter().map(node).collect(), edges, unresolved }
}

fn user() -> Entity {
    let attribute = |name: &str, type_: &str, origin: &str| StateAttribute {
        name: name.into(),
        type_: Some(type_.into()),
        origin: origin.into(),
    };
    let method =
        |name: &str, inputs: &[(&str, &str)], read_only, writes: &[&str], suspending| Method {
            name: name.into(),
            inputs: inputs
                .iter()
                .map(|(name, type_)| Param {
                    name: (*name).into(),
                    type_: Some((*type_).into()),
                    default: None,
                })
                .collect(),
            returns: Some("bool".into()),
            return_arities: vec![1],
            read_only,
            writes: writes.iter().map(|name| (*name).into()).collect(),
            suspending,
        };
    Entity {
        name: "shop.entities.User".into(),
        file: "shop/entities.py".into(),
        line: 1,
        key: Some("name".into()),
        state: vec![
            attribute("name", "str", "parameter"),
            attribute("balance", "int", "parameter"),
        ],
        methods: vec![
            method("can_pay", &[("amount", "int")], true, &[], false),
            method("buy_item", &[("amount", "int"), ("item", "Item")], false, &["balance"], true),
        ],
        constructor: vec![
            Param { name: "name".into(), type_: Some("str".into()), default: None },
            Param { name: "balance".into(), type_: Some("int".into()), default: Some("5".into()) },
        ],
    }
}

fn buy_item() -> Split {
    let block = |id, kind: &str, lines, next: &[u32], suspends, resume_of, code: &[&str]| Block {
        id,
        kind: kind.into(),
        lines,
        live_in: vec![],
        live_out: vec![],
        next: next.to_vec(),
        suspends,
        resume_of,
        entry: id == 0,
        code: code.iter().map(|line| (*line).into()).collect(),
    };
    let suspension = |id, line, target: &str, result: Option<&str>, saves: &[&str]| Suspension {
        id,
        line,
        column: 9,
        end_line: line,
        end_column: 30,
        kind: SuspensionKind::Call,
        target: target.into(),
        receiver: Some("item".into()),
        args: vec![],
        result: result.map(Into::into),
        saves: saves.iter().map(|name| (*name).into()).collect(),
        spills: vec![],
    };
    Split {
        function: "shop.entities.User.buy_item".into(),
        language: Language::Python,
        file: "shop/entities.py".into(),
        line: 4,
        receiver: Some("shop.entities.User".into()),
        inputs: vec![
            Param { name: "amount".into(), type_: Some("int".into()), default: None },
            Param { name: "item".into(), type_: Some("Item".into()), default: None },
        ],
        suspensions: vec![
            suspension(0, 5, "Item.price", Some("$0"), &["amount", "item"]),
            suspension(1, 8, "Item.update_stock", None, &["total"]),
        ],
        blocks: vec![
            block(0, "entry", (4, 5), &[1], Some(0), None, &["call item.price()"]),
            block(
                1,
                "resume",
                (5, 6),
                &[2, 3],
                None,
                Some(0),
                &["total = amount * $0", "if self.balance < total"],
            ),
            block(2, "branch", (7, 7), &[], None, None, &["return False"]),
            block(3, "branch", (8, 8), &[4], Some(1), None, &["call item.update_stock(-amount)"]),
            block(
                4,
                "resume",
                (9, 10),
                &[],
                None,
                Some(1),
                &["self.balance -= total", "return True"],
            ),
        ],
        remote_ops: RemoteOps { min: 1, max: Some(2) },
        most_hops: vec![0, 1, 3, 4],
        hazards: vec![Hazard {
            kind: "lost-update".into(),
            line: 9,
            message: "balance was read before the suspension on line 8 and is written after it"
                .into(),
        }],
        fragments: 3,
        pieces: Some(9),
        refused: None,
        future: None,
    }
}

fn flow_node(id: &str, kind: &str, line: u32, data: &[(&str, &str)]) -> FlowNode {
    let data = data.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value)));
    FlowNode { id: id.into(), kind: kind.into(), line, data: data.collect() }
}

fn flow_edge(from: &str, to: &str, kind: &str, label: Option<&str>) -> FlowEdge {
    FlowEdge { from: from.into(), to: to.into(), kind: kind.into(), label: label.map(Into::into) }
}

/// A program that forks in two and joins.
fn program() -> Flow {
    let stream = |stream: &'static str| ("stream", stream);
    Flow {
        name: "shop.prompts.suggest".into(),
        kind: "program".into(),
        file: "shop/prompts.py".into(),
        line: 3,
        nodes: vec![
            flow_node("n0", "Entry", 3, &[stream("main")]),
            flow_node("n1", "Text", 4, &[("value", "Suggest two gifts for "), stream("main")]),
            flow_node("n2", "Arg", 4, &[("name", "who"), stream("main")]),
            flow_node("n3", "Fork", 5, &[("group", "f"), stream("main")]),
            flow_node("n4", "Text", 6, &[("value", "A cheap one: "), stream("f[0]")]),
            flow_node("n5", "Gen", 6, &[("name", "cheap"), stream("f[0]")]),
            flow_node("n6", "Text", 7, &[("value", "A dear one: "), stream("f[1]")]),
            flow_node("n7", "Gen", 7, &[("name", "dear"), stream("f[1]")]),
            flow_node("n8", "Join", 8, &[("group", "f"), stream("main")]),
            flow_node("n9", "Select", 9, &[("name", "choice"), stream("main")]),
            flow_node("n10", "Exit", 9, &[stream("main")]),
        ],
        edges: vec![
            flow_edge("n0", "n1", "seq", None),
            flow_edge("n1", "n2", "seq", None),
            flow_edge("n2", "n3", "seq", None),
            flow_edge("n3", "n4", "fork", None),
            flow_edge("n3", "n6", "fork", None),
            flow_edge("n4", "n5", "seq", None),
            flow_edge("n6", "n7", "seq", None),
            flow_edge("n5", "n8", "join", None),
            flow_edge("n7", "n8", "join", None),
            flow_edge("n5", "n9", "data", Some("cheap")),
            flow_edge("n7", "n9", "data", Some("dear")),
            flow_edge("n8", "n9", "seq", None),
            flow_edge("n9", "n10", "seq", None),
        ],
        stages: vec![],
        diagnostics: vec![],
        program: None,
    }
}

/// A workflow with a stage of two tasks and one mistake.
fn workflow() -> Flow {
    let task = |id: &str, line| flow_node(id, "task", line, &[("task", id)]);
    Flow {
        name: "shop.workflows.order".into(),
        kind: "workflow".into(),
        file: "shop/workflows.py".into(),
        line: 10,
        nodes: vec![
            task("validate", 11),
            task("reserve", 13),
            task("charge", 14),
            task("ship", 16),
            task("apologise", 18),
        ],
        edges: vec![
            flow_edge("validate", "reserve", "data", Some("order")),
            flow_edge("validate", "charge", "data", Some("order")),
            flow_edge("reserve", "ship", "control", None),
            flow_edge("charge", "ship", "data", Some("receipt")),
            flow_edge("charge", "apologise", "error", None),
        ],
        stages: vec![
            vec!["validate".into()],
            vec!["reserve".into(), "charge".into()],
            vec!["ship".into()],
        ],
        diagnostics: vec![FlowDiagnostic {
            code: "W005".into(),
            line: 18,
            column: 5,
            severity: Severity::Error,
            message: "the handler protects nothing".into(),
        }],
        program: None,
    }
}

fn findings() -> Vec<Finding> {
    let finding = |line, symbol: &str, certainty| Finding {
        rule: "wrapper-nowraps".into(),
        pattern: "lost-signature".into(),
        kind: FindingKind::AntiPattern,
        file: "shop/entities.py".into(),
        line,
        symbol: symbol.into(),
        message: "the wrapper hides the function's name".into(),
        certainty,
        why: "it forwards *args and **kwargs and is returned without wraps".into(),
    };
    vec![
        finding(4, "shop.entities.logged", Certainty::Exact),
        finding(9, "shop.entities.Timer.__call__", Certainty::Possible),
    ]
}

//! Small questions about Python's trees.

use ruff_python_ast::{
    Arguments, Comprehension, Expr, InterpolatedStringElement, InterpolatedStringElements, Pattern,
    Stmt,
};

/// The operands of an expression in the order Python evaluates them. Parts that may be skipped
/// (`and`, `or`, conditional expressions, chained comparisons) count too; lambdas give their
/// defaults only, and comprehensions their first iterable only.
pub fn operands(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::BoolOp(node) => node.values.iter().collect(),
        Expr::Named(node) => vec![&node.value],
        Expr::BinOp(node) => vec![&node.left, &node.right],
        Expr::UnaryOp(node) => vec![&node.operand],
        Expr::Lambda(node) => {
            let parameters = node.parameters.iter().flat_map(|parameters| parameters.iter());
            parameters.filter_map(|parameter| parameter.default()).collect()
        }
        Expr::If(node) => vec![&node.test, &node.body, &node.orelse],
        Expr::Dict(node) => {
            node.items.iter().flat_map(|item| item.key.iter().chain([&item.value])).collect()
        }
        Expr::Set(node) => node.elts.iter().collect(),
        Expr::ListComp(node) => first_iterable(&node.generators),
        Expr::SetComp(node) => first_iterable(&node.generators),
        Expr::DictComp(node) => first_iterable(&node.generators),
        Expr::Generator(node) => first_iterable(&node.generators),
        Expr::Await(node) => vec![&node.value],
        Expr::Yield(node) => node.value.iter().map(|value| &**value).collect(),
        Expr::YieldFrom(node) => vec![&node.value],
        Expr::Compare(node) => {
            std::iter::once(&*node.left).chain(node.comparators.iter()).collect()
        }
        Expr::Call(node) => {
            std::iter::once(&*node.func).chain(arguments(&node.arguments)).collect()
        }
        Expr::FString(node) => {
            let mut found = Vec::new();
            node.value.elements().for_each(|element| interpolated(element, &mut found));
            found
        }
        Expr::TString(node) => {
            let mut found = Vec::new();
            node.value.elements().for_each(|element| interpolated(element, &mut found));
            found
        }
        Expr::Attribute(node) => vec![&node.value],
        Expr::Subscript(node) => vec![&node.value, &node.slice],
        Expr::Starred(node) => vec![&node.value],
        Expr::List(node) => node.elts.iter().collect(),
        Expr::Tuple(node) => node.elts.iter().collect(),
        Expr::Slice(node) => [&node.lower, &node.upper, &node.step]
            .into_iter()
            .flatten()
            .map(|part| &**part)
            .collect(),
        _ => Vec::new(),
    }
}

/// Positional arguments, unpacked ones among them, come before all keywords.
pub fn arguments(arguments: &Arguments) -> impl Iterator<Item = &Expr> {
    arguments.args.iter().chain(arguments.keywords.iter().map(|keyword| &keyword.value))
}

fn first_iterable(generators: &[Comprehension]) -> Vec<&Expr> {
    generators.first().map(|first| &first.iter).into_iter().collect()
}

fn interpolated<'a>(element: &'a InterpolatedStringElement, found: &mut Vec<&'a Expr>) {
    if let InterpolatedStringElement::Interpolation(node) = element {
        found.push(&node.expression);
        if let Some(spec) = &node.format_spec {
            nested(&spec.elements, found);
        }
    }
}

fn nested<'a>(elements: &'a InterpolatedStringElements, found: &mut Vec<&'a Expr>) {
    elements.iter().for_each(|element| interpolated(element, found));
}

/// The parts of a comprehension: what it yields, and its clauses.
pub fn comprehension(expr: &Expr) -> Option<(Vec<&Expr>, &[Comprehension])> {
    match expr {
        Expr::ListComp(node) => Some((vec![&node.elt], &node.generators)),
        Expr::SetComp(node) => Some((vec![&node.elt], &node.generators)),
        Expr::Generator(node) => Some((vec![&node.elt], &node.generators)),
        Expr::DictComp(node) => {
            let parts = node.key.iter().map(|key| &**key).chain([&*node.value]).collect();
            Some((parts, &node.generators))
        }
        _ => None,
    }
}

/// Every block of statements directly inside a statement.
pub fn suites(stmt: &Stmt) -> Vec<&[Stmt]> {
    match stmt {
        Stmt::For(node) => vec![&node.body, &node.orelse],
        Stmt::While(node) => vec![&node.body, &node.orelse],
        Stmt::If(node) => {
            let clauses = node.elif_else_clauses.iter().map(|clause| &clause.body[..]);
            std::iter::once(&node.body[..]).chain(clauses).collect()
        }
        Stmt::With(node) => vec![&node.body],
        Stmt::Try(node) => {
            let mut suites: Vec<&[Stmt]> = vec![&node.body];
            for handler in &node.handlers {
                let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
                suites.push(&handler.body);
            }
            suites.extend([&node.orelse[..], &node.finalbody[..]]);
            suites
        }
        Stmt::Match(node) => node.cases.iter().map(|case| &case.body[..]).collect(),
        _ => Vec::new(),
    }
}

/// Expressions evaluated by patterns, and the names they bind.
pub fn pattern<'a>(node: &'a Pattern, values: &mut Vec<&'a Expr>, names: &mut Vec<&'a str>) {
    match node {
        Pattern::MatchValue(node) => values.push(&node.value),
        Pattern::MatchSingleton(_) => {}
        Pattern::MatchSequence(node) => {
            node.patterns.iter().for_each(|inner| pattern(inner, values, names));
        }
        Pattern::MatchMapping(node) => {
            values.extend(node.keys.iter());
            node.patterns.iter().for_each(|inner| pattern(inner, values, names));
            names.extend(node.rest.iter().map(|rest| rest.as_str()));
        }
        Pattern::MatchClass(node) => {
            values.push(&node.cls);
            node.arguments.patterns.iter().for_each(|inner| pattern(inner, values, names));
            for keyword in &node.arguments.keywords {
                pattern(&keyword.pattern, values, names);
            }
        }
        Pattern::MatchStar(node) => names.extend(node.name.iter().map(|name| name.as_str())),
        Pattern::MatchAs(node) => {
            if let Some(inner) = &node.pattern {
                pattern(inner, values, names);
            }
            names.extend(node.name.iter().map(|name| name.as_str()));
        }
        Pattern::MatchOr(node) => {
            node.patterns.iter().for_each(|inner| pattern(inner, values, names));
        }
    }
}

/// A constant that is always true as a loop's test.
pub fn is_always_true(expr: &Expr) -> bool {
    match expr {
        Expr::BooleanLiteral(node) => node.value,
        Expr::NumberLiteral(node) => {
            matches!(&node.value, ruff_python_ast::Number::Int(value) if *value != 0)
        }
        _ => false,
    }
}

/// Statements of a body, those of compound ones included; docstrings and what stands inside inner
/// definitions do not count.
pub fn statements(body: &[Stmt]) -> u32 {
    let is_text =
        |stmt: &Stmt| matches!(stmt, Stmt::Expr(node) if node.value.is_string_literal_expr());
    let count = |stmt: &Stmt| match stmt {
        Stmt::FunctionDef(_) | Stmt::ClassDef(_) => 1,
        stmt if is_text(stmt) => 0,
        stmt => 1 + suites(stmt).into_iter().map(statements).sum::<u32>(),
    };
    body.iter().map(count).sum()
}

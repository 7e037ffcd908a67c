//! The table of detection rules: which page of the knowledge base each belongs to, and what a hit
//! means to the reader. Facts name a rule by its index here.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::model::FindingKind::{self, Advice, AntiPattern, Pattern};
use crate::model::LineIndex;

/// One rule. `message` says what was found, in the reader's terms.
pub struct Rule {
    pub id: &'static str,
    /// The page that explains it.
    pub pattern: &'static str,
    pub kind: FindingKind,
    pub message: &'static str,
}

const fn rule(
    id: &'static str,
    pattern: &'static str,
    kind: FindingKind,
    message: &'static str,
) -> Rule {
    Rule { id, pattern, kind, message }
}

/// All rules, Python first. Ids are stable; the order is not.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    // class creation
    rule("metaclass-kw", "metaclass-hook", Pattern, "class made by a metaclass"),
    rule("metaclass-def", "metaclass-hook", Pattern, "metaclass"),
    rule("metaclass-new", "metaclass-new-init", Pattern, "metaclass `__new__`: may still change name, bases and namespace"),
    rule("metaclass-init", "metaclass-new-init", Pattern, "metaclass `__init__`: sees the finished class"),
    rule("metaclass-call", "metaclass-call", Pattern, "metaclass `__call__` intercepts instantiation"),
    rule("metaclass-prepare", "metaclass-prepare", Pattern, "`__prepare__` gives class bodies their namespace"),
    rule("init-subclass", "init-subclass", Pattern, "`__init_subclass__` runs for every subclass"),
    rule("set-name", "set-name", Pattern, "`__set_name__` learns owner and attribute name"),
    rule("type-call-3", "type-3arg-class", Pattern, "class made by calling `type`"),
    rule("new-class-call", "type-3arg-class", Pattern, "class made by `types.new_class`"),
    rule("class-clone", "class-clone", AntiPattern, "class made again from another's `__dict__`"),
    rule("class-decorator", "class-decorator", Pattern, "class decorator"),
    rule("dataclass-like", "dataclass-codegen", Pattern, "methods generated from annotated fields"),
    rule("namedtuple", "dataclass-codegen", Pattern, "named tuple"),
    rule("enum-class", "enum-class", Pattern, "enumeration"),
    rule("abc-class", "structural-typing", Pattern, "abstract base class"),
    rule("final-class", "final-class", Pattern, "class that refuses subclasses"),
    rule("exec-call", "exec-eval-input", Advice, "`exec` runs text"),
    rule("eval-call", "exec-eval-input", Advice, "`eval` runs text"),
    rule("compile-call", "exec-eval-input", Advice, "`compile` reads text"),
    rule("new-writes-class", "mutable-singleton", Advice, "construction writes on the class"),
    rule("singleton-new", "mutable-singleton", AntiPattern, "`__new__` hands out one shared instance"),
    rule("singleton-meta", "mutable-singleton", AntiPattern, "metaclass `__call__` hands out one shared instance"),
    rule("metaclass-conflict", "metaclass-conflict", Pattern, "metaclasses meet"),
    rule("leaf-registry", "leaf-registry", Pattern, "registry that drops a class when it gains children"),
    rule("mixin-synthesis", "mixin-synthesis", Pattern, "class made of bases chosen from data"),
    rule("exec-class", "exec-class", Pattern, "class made by executing generated text"),
    // attributes
    rule("descriptor-get", "descriptor", Pattern, "descriptor `__get__`"),
    rule("descriptor-data", "descriptor", Pattern, "data descriptor"),
    rule("class-getattr", "getattr-fallback", Pattern, "`__getattr__` answers for missing attributes"),
    rule("class-getattribute", "getattr-fallback", Pattern, "`__getattribute__` intercepts every access"),
    rule("class-setattr", "getattr-fallback", Pattern, "`__setattr__` intercepts every assignment"),
    rule("class-delattr", "getattr-fallback", Pattern, "`__delattr__` intercepts every deletion"),
    rule("module-getattr", "module-getattr", Pattern, "module `__getattr__`"),
    rule("property", "property-managed", Pattern, "property"),
    rule("property-call", "property-managed", Pattern, "property made by a call"),
    rule("slots", "slots", Pattern, "`__slots__` fixes the instance attributes"),
    rule("dynamic-getattr", "getattr-fallback", Pattern, "attribute read by a computed name"),
    rule("dynamic-setattr", "remote-stub", Pattern, "attribute written by a computed name"),
    rule("dynamic-delattr", "getattr-fallback", Pattern, "attribute deleted by a computed name"),
    rule("class-assign", "module-getattr", Pattern, "object changes its class"),
    rule("proxy-getattr", "dynamic-proxy", Pattern, "proxy forwards missing attributes"),
    rule("getattr-recursion", "getattr-recursion", AntiPattern, "`__getattr__` reads an attribute that may be missing: it calls itself"),
    rule("eq-no-hash", "eq-without-hash", AntiPattern, "`__eq__` without `__hash__` makes instances unhashable"),
    rule("pickle-hooks", "unpicklable-dynamic-class", Pattern, "own pickling"),
    // functions
    rule("wrapper-wraps", "decorator-wraps", Pattern, "wrapper that keeps the function's identity"),
    rule("wrapper-nowraps", "lost-signature", AntiPattern, "wrapper without `functools.wraps`: name, doc and signature are lost"),
    rule("wraps-use", "decorator-wraps", Pattern, "`functools.wraps`"),
    rule("decorator-factory", "decorator-factory", Pattern, "decorator with arguments"),
    rule("closure-codegen", "closure-codegen", Pattern, "function made to measure"),
    rule("partial", "partial-application", Pattern, "frozen arguments"),
    rule("singledispatch", "singledispatch", Pattern, "function with an implementation per type"),
    rule("singledispatch-register", "singledispatch", Pattern, "implementation for a type"),
    rule("signature-introspection", "signature-introspection", Pattern, "signature read at run time"),
    rule("lru-cache", "cached-method-leak", Advice, "memoised function"),
    rule("lru-cache-method", "cached-method-leak", AntiPattern, "memoised method keeps its instances alive"),
    rule("cm-class", "context-manager", Pattern, "context manager"),
    rule("acm-class", "context-manager", Pattern, "asynchronous context manager"),
    rule("cm-function", "context-manager", Pattern, "context manager written as a generator"),
    rule("yield-value", "generator-coroutine", Pattern, "generator that is sent values"),
    rule("frame-hack", "bytecode-inspection", Pattern, "looks at the caller's frame"),
    rule("globals-write", "bytecode-inspection", Pattern, "writes module globals by name"),
    // types, trees, imports
    rule("protocol-class", "structural-typing", Pattern, "protocol"),
    rule("generic-class", "class-getitem", Pattern, "generic class"),
    rule("runtime-checkable", "structural-typing", Pattern, "protocol checked at run time"),
    rule("subclasshook", "structural-typing", Pattern, "`__subclasshook__` decides `issubclass`"),
    rule("instancecheck", "structural-typing", Pattern, "own `isinstance` or `issubclass`"),
    rule("class-getitem", "class-getitem", Pattern, "`__class_getitem__` gives `Class[…]` a meaning"),
    rule("type-hints-call", "annotation-reflection", Pattern, "annotations read at run time"),
    rule("annotations-read", "annotation-reflection", Pattern, "`__annotations__` read at run time"),
    rule("runtime-validation", "runtime-validation", Pattern, "values checked against declared types"),
    rule("ast-visitor", "ast-visitor", Pattern, "syntax tree visitor"),
    rule("ast-parse", "ast-visitor", Pattern, "source parsed to a tree"),
    rule("cst-codemod", "cst-codemod", Pattern, "concrete syntax tree rewritten"),
    rule("getsource", "source-reflection", Pattern, "source of a live object"),
    rule("template-codegen", "template-codegen", Pattern, "source rendered from a template"),
    rule("code-object", "bytecode-inspection", Pattern, "code object touched"),
    rule("globals-peek", "bytecode-inspection", Pattern, "function or frame globals read"),
    rule("import-hook-class", "import-hook", Pattern, "takes part in imports"),
    rule("meta-path-mutation", "import-hook", Pattern, "import machinery changed"),
    rule("sys-modules-write", "import-hook", Pattern, "`sys.modules` changed"),
    rule("dynamic-import", "import-hook", Pattern, "module imported by a computed name"),
    rule("builtins-patch", "builtin-monkeypatch", AntiPattern, "builtin replaced for everybody"),
    rule("import-attr-assign", "foreign-attr-assign", AntiPattern, "attribute of an imported thing assigned"),
    rule("module-level-call", "import-side-effects", AntiPattern, "importing this module does work"),
    // operators, chaining, registries
    rule("operator-class", "operator-dsl", Pattern, "overloaded operators"),
    rule("comparison-class", "operator-dsl", Pattern, "overloaded comparisons"),
    rule("expr-dsl", "operator-dsl", Pattern, "operators that build expressions"),
    rule("callable-class", "operator-dsl", Pattern, "instances can be called"),
    rule("trace-to-graph", "trace-to-graph", Pattern, "operations recorded as a graph"),
    rule("with-dsl", "with-dsl", Pattern, "`with` block of an embedded language"),
    rule("fluent-method", "fluent-builder", Pattern, "method that returns `self`"),
    rule("fluent-class", "fluent-builder", Pattern, "configured by chained calls"),
    rule("registry-write", "task-registry", Pattern, "stored in a module-level container"),
    rule("registry-class-write", "task-registry", Pattern, "stored in a container on a class"),
    rule("subclasses-walk", "task-registry", Pattern, "subclasses enumerated"),
    rule("worker-codegen", "worker-codegen", Pattern, "program generated from live source"),
    rule("remote-stub", "remote-stub", Pattern, "stub methods generated in a loop"),
    rule("entity-ref", "entity-ref", Pattern, "reference whose operations become messages"),
    rule("method-split", "method-split", Pattern, "method that is cut at remote calls"),
    // anti-patterns put together from other rules
    rule("metaclass-overkill", "metaclass-overkill", AntiPattern, "metaclass where `__init_subclass__` would do"),
    rule("exec-eval-input", "exec-eval-input", AntiPattern, "text that is not constant is run as code"),
    rule("registry-duplicate-key", "registry-duplicate-key", AntiPattern, "entry may silently replace an earlier one"),
    rule("hidden-control-flow", "hidden-control-flow", AntiPattern, "wrapper swallows every exception"),
    rule("decorator-order", "decorator-order", AntiPattern, "decorators in the wrong order"),
    rule("unpicklable-dynamic-class", "unpicklable-dynamic-class", AntiPattern, "instances of this class cannot be pickled"),
    rule("late-binding-closure", "late-binding-closure", AntiPattern, "function made in a loop sees only the last value"),
    rule("shared-descriptor-state", "shared-descriptor-state", AntiPattern, "descriptor keeps every instance's value in one place"),
    rule("unsafe-context-manager", "unsafe-context-manager", AntiPattern, "clean-up is skipped when the block raises"),
    // Rust
    rule("rs-macro-rules", "rs-macro-rules-tt", Pattern, "declarative macro"),
    rule("rs-tt-muncher", "rs-macro-rules-tt", Pattern, "token muncher"),
    rule("rs-internal-rules", "rs-macro-rules-tt", Pattern, "internal macro rules"),
    rule("rs-hygiene-crate", "rs-hygiene-leak", AntiPattern, "exported macro names `crate::` without `$`"),
    rule("rs-hygiene-leak", "rs-hygiene-leak", AntiPattern, "exported macro relies on the caller's imports"),
    rule("rs-declarative-dsl", "rs-declarative-dsl", Pattern, "macro with a grammar of its own"),
    rule("rs-proc-macro-derive", "rs-derive", Pattern, "derive macro"),
    rule("rs-proc-macro-attribute", "rs-attribute-macro", Pattern, "attribute macro"),
    rule("rs-proc-macro-fn", "rs-fn-like-macro", Pattern, "function-like procedural macro"),
    rule("rs-proc-macro-panic", "rs-over-generic-macro", AntiPattern, "procedural macro may panic without a span"),
    rule("rs-quote", "rs-fn-like-macro", Pattern, "quasi-quoted tokens"),
    rule("rs-derive-use", "rs-derive", Pattern, "derived implementations"),
    rule("rs-build-script", "rs-build-codegen", Pattern, "build script"),
    rule("rs-include-generated", "rs-build-codegen", Pattern, "generated source included"),
    rule("rs-const-generic", "rs-const-eval", Pattern, "const generic"),
    rule("rs-const-fn", "rs-const-eval", Pattern, "const function"),
    rule("rs-const-assert", "rs-const-eval", Pattern, "compile-time assertion"),
    rule("rs-type-id", "rs-trait-reflection", Pattern, "type identity at run time"),
    rule("rs-type-name", "rs-trait-reflection", Pattern, "type name at run time"),
    rule("rs-downcast", "rs-trait-reflection", Pattern, "downcast"),
    rule("rs-phantom-data", "rs-typestate", Pattern, "phantom type parameter"),
    rule("rs-typestate", "rs-typestate", Pattern, "protocol state in a type parameter"),
    rule("rs-inventory", "rs-link-registry", Pattern, "distributed registry"),
    rule("rs-linkme", "rs-link-registry", Pattern, "distributed slice"),
    rule("rs-ctor", "rs-link-registry", Pattern, "runs before `main`"),
    rule("rs-lazy-static", "rs-link-registry", Pattern, "lazily made global"),
    rule("rs-global-state", "rs-link-registry", Pattern, "global mutable state"),
    rule("rs-static-mut", "mutable-singleton", AntiPattern, "`static mut`"),
    rule("rs-blanket-impl", "rs-monomorphisation", Pattern, "blanket implementation"),
    rule("rs-dyn-trait", "rs-monomorphisation", Pattern, "trait object"),
    rule("rs-sealed-trait", "final-class", Pattern, "sealed trait"),
    rule("rs-operator-impl", "operator-dsl", Pattern, "operator implemented"),
    rule("rs-builder-chain", "fluent-builder", Pattern, "builder with chained methods"),
    rule("rs-async-fn", "rs-async-state-machine", Pattern, "async function"),
    rule("rs-async-block", "rs-async-state-machine", Pattern, "async block"),
    rule("rs-manual-future", "rs-async-state-machine", Pattern, "hand-written future"),
    rule("rs-autoref-specialization", "rs-autoref-specialization", Pattern, "implementation chosen by auto-ref"),
];

/// The index of a rule, for facts; `None` for an id that is not in the table.
pub fn index_of(id: &str) -> Option<u16> {
    static INDEX: LazyLock<FxHashMap<&str, u16>> =
        LazyLock::new(|| (0u16..).zip(RULES).map(|(at, rule)| (rule.id, at)).collect());
    INDEX.get(id).copied()
}

/// The rule of an index.
pub fn by_index(index: u16) -> Option<&'static Rule> {
    RULES.get(index as usize)
}

/// The rule with this id.
pub fn by_id(id: &str) -> Option<&'static Rule> {
    by_index(index_of(id)?)
}

/// The `metascope: ignore[rule, …] reason` comments of a text, where a comment starts with
/// `comment`: their lines and rules.
pub fn ignored<'t>(text: &'t str, lines: &LineIndex, comment: &str) -> Vec<(u32, &'t str)> {
    let mark = format!("{comment}metascope: ignore[");
    let rules = |(at, _): (usize, &str)| {
        let inner = &text[at + mark.len()..];
        Some((lines.line(at as u32), &inner[..inner.find([']', '\n'])?]))
    };
    text.match_indices(&*mark).filter_map(rules).collect()
}

/// Whether a comment on the line silences the rule there.
pub fn is_ignored(ignored: &[(u32, &str)], line: u32, rule: u16) -> bool {
    let id = by_index(rule).map_or("", |rule| rule.id);
    ignored.iter().any(|(at, rules)| *at == line && rules.split(',').any(|rule| rule.trim() == id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique() {
        for (at, rule) in RULES.iter().enumerate() {
            assert_eq!(index_of(rule.id), Some(at as u16), "{} stands twice", rule.id);
        }
    }
}

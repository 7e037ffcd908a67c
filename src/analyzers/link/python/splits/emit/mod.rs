//! Split functions as runnable Python: one step function per block, with the protocol
//! `step(frame, cls) -> request`. The driver (`driver.py`) runs them on a trampoline, with each
//! frame cut to what liveness says; `program.rs` writes them as a module of their own, or as a job
//! of a dataflow engine.

mod job;
mod program;

pub use program::{Engine, program};

use serde_json::{Value, json};

use super::program::Program;
use super::{Body, Cuts, with_program};
use crate::analyzers::link::python::names::Names;
use crate::analyzers::link::python::{Context, PythonFile};
use crate::analyzers::split::{Access, BlockId, End, Graph, Op, VarId, VarSet};
use crate::model::{Name, Project};

/// Runs the emitted steps to their end: reads a line with a list of jobs, answers with one.
pub const DRIVER: &str =
    concat!(include_str!("steps.py"), include_str!("driver.py"), include_str!("whole.py"));

/// Runs the emitted steps one by one: reads a line with a job, then commands.
pub const STEPPER: &str =
    concat!(include_str!("steps.py"), include_str!("driver.py"), include_str!("stepping.py"));

/// The steps of every split function of a project.
#[derive(Debug, Clone)]
pub struct Emitted {
    pub functions: Vec<EmittedFunction>,
    /// Qualified names of all entity classes.
    pub entities: Vec<Name>,
}

#[derive(Debug, Clone)]
pub struct EmittedFunction {
    /// Qualified name.
    pub name: Name,
    pub module: Name,
    pub file: Name,
    /// Names of the classes it lies in, outermost first.
    pub classes: Vec<String>,
    pub is_async: bool,
    /// The name of the receiver, if it has one.
    pub receiver: Option<String>,
    pub code: String,
    pub blocks: usize,
    /// Of each suspending block, the block that takes its failure and the name it is bound to.
    pub handlers: Vec<(usize, usize, String)>,
    /// Number in the names of its steps.
    pub number: usize,
}

impl EmittedFunction {
    pub fn to_json(&self) -> Value {
        json!({
            "name": &*self.name,
            "module": &*self.module,
            "file": &*self.file,
            "classes": self.classes,
            "is_async": self.is_async,
            "receiver": self.receiver,
            "code": self.code,
            "blocks": self.blocks,
            "number": self.number,
            "handlers": self.handlers.iter().map(|(at, to, name)| {
                (at.to_string(), json!([to, name]))
            }).collect::<serde_json::Map<String, Value>>(),
        })
    }
}

/// Emits the split functions of a linked project.
pub fn emit_project(project: &Project) -> Option<Emitted> {
    let facts = project.files.iter().filter_map(|file| file.facts.as_deref());
    let files = PythonFile::among(facts);
    let names = Names::build(&files);
    emit(&Context { files: &files, names: &names, manifests: &project.manifests })
}

/// Emits all split functions; `None` when the project has no entity.
pub fn emit(context: &Context<'_>) -> Option<Emitted> {
    with_program(context, |program, cuts| {
        let mut order: Vec<usize> = cuts.bodies.keys().copied().collect();
        order.sort_unstable();
        let functions = order.into_iter().filter_map(|at| function(program, cuts, at)).collect();
        let entities = program.classes.iter().filter(|class| class.entity);
        Emitted { functions, entities: entities.map(|class| class.name.clone()).collect() }
    })
}

fn function(program: &Program<'_>, cuts: &Cuts, at: usize) -> Option<EmittedFunction> {
    let (function, body) = (&program.functions[at], &cuts.bodies[&at]);
    if body.refused.is_some() {
        return None;
    }
    let module = &program.modules[function.module];
    let inner = function.name.strip_prefix(&format!("{}.", module.name))?;
    let mut classes: Vec<String> = inner.split('.').map(String::from).collect();
    classes.pop();
    let mut writer = Writer {
        body,
        receiver: function.self_name(),
        class: classes.last().cloned(),
        is_async: function.node.is_async,
        number: at,
        base: if classes.is_empty() { 0 } else { 1 },
        code: String::new(),
    };
    if let Some(class) = classes.last() {
        writer.line(0, &format!("class {class}:"));
    }
    for block in 0..body.graph.blocks.len() {
        writer.block(block);
    }
    Some(EmittedFunction {
        name: function.name.clone(),
        module: module.name.into(),
        file: module.file.path.clone(),
        is_async: function.node.is_async,
        receiver: function.self_name().map(String::from),
        code: writer.code,
        blocks: body.graph.blocks.len(),
        handlers: handlers(body),
        number: at,
        classes,
    })
}

fn handlers(body: &Body) -> Vec<(usize, usize, String)> {
    let graph = &body.graph;
    let blocks = graph.blocks.iter().enumerate();
    let suspending = blocks.filter(|(_, block)| matches!(block.end, End::Suspend { .. }));
    suspending
        .filter_map(|(at, block)| {
            let (handler, caught) = block.on_error?;
            Some((at, handler, graph.vars.name(caught).to_string()))
        })
        .collect()
}

/// What a block's end evaluates.
fn end_op(graph: &Graph, at: BlockId) -> Option<&Op> {
    match &graph.blocks[at].end {
        End::Branch { test: op, .. }
        | End::Next { target: op, .. }
        | End::Return { value: Some(op), .. }
        | End::Raise(op) => Some(op),
        End::Suspend { suspension, .. } => Some(&graph.suspensions[*suspension].request),
        _ => None,
    }
}

struct Writer<'a> {
    body: &'a Body,
    receiver: Option<&'a str>,
    class: Option<String>,
    is_async: bool,
    number: usize,
    /// Depth of the step functions.
    base: usize,
    code: String,
}

impl Writer<'_> {
    /// A line at a depth; one blank per level leaves room for the source's own indentation.
    fn line(&mut self, depth: usize, text: &str) {
        self.code.push_str(&" ".repeat(depth));
        self.code.push_str(&text.replace("super()", "super(_cls, self)").replace(
            "super(_cls, self)",
            &format!("super(_cls, {})", self.receiver.unwrap_or("self")),
        ));
        self.code.push('\n');
    }

    fn block(&mut self, at: BlockId) {
        let block = &self.body.graph.blocks[at];
        let depth = self.base;
        let prefix = if self.is_async { "async " } else { "" };
        self.line(depth, &format!("{prefix}def _ms{}_{at}(_f, _cls):", self.number));
        if !self.body.globals.is_empty() {
            let names = self.body.globals.join(", ");
            self.line(depth + 1, &format!("global {names}"));
        }
        if let Some(receiver) = self.receiver {
            self.line(depth + 1, &format!("{receiver} = _f['{receiver}']"));
        }
        for name in self.names_needed(at) {
            self.line(depth + 1, &format!("if '{name}' in _f: {name} = _f['{name}']"));
        }
        let mut inner = depth + 1;
        if block.on_error.is_some() {
            self.line(inner, "try:");
            inner += 1;
        }
        let handled = inner;
        let mut handling = None;
        for op in &block.ops {
            if op.handling != handling {
                handling = op.handling;
                inner = self.handle(handled, handling);
            }
            self.op(inner, op);
        }
        let last = end_op(&self.body.graph, at).and_then(|op| op.handling);
        if last != handling {
            inner = self.handle(handled, last);
        }
        self.end(inner, at);
        if let Some((handler, caught)) = block.on_error {
            let mut keep = self.body.live.live_in[handler].clone();
            keep.remove(caught);
            let keep = self.names(&keep);
            let caught = self.body.graph.vars.name(caught).to_string();
            self.line(depth + 1, "except BaseException as _ms_error:");
            let code = format!(
                "return ('caught', {handler}, _ms_cut(locals(), {keep}), '{caught}', _ms_error)"
            );
            self.line(depth + 2, &code);
        }
    }

    /// What follows runs while an exception is handled: it is the context of what is raised.
    fn handle(&mut self, depth: usize, handling: Option<VarId>) -> usize {
        let Some(var) = handling else { return depth };
        let name = self.body.graph.vars.name(var).to_string();
        self.line(depth, &format!("try: raise {name}"));
        self.line(depth, "except BaseException:");
        depth + 1
    }

    /// What the block reads, so that an unbound local is one here too.
    fn names_needed(&self, at: BlockId) -> Vec<String> {
        let graph = &self.body.graph;
        let mut needed = self.body.live.live_in[at].clone();
        for op in &graph.blocks[at].ops {
            needed.union(&op.effects.uses);
        }
        if let Some(effects) =
            crate::analyzers::split::liveness::end_effects(graph, &graph.blocks[at].end)
        {
            needed.union(&effects.uses);
        }
        let mut names: Vec<String> =
            needed.iter().map(|var| graph.vars.name(var).to_string()).collect();
        names.sort();
        names.dedup();
        names.retain(|name| !self.body.globals.contains(name));
        names
    }

    /// A tuple of the names a frame keeps, receiver included.
    fn names(&self, set: &VarSet) -> String {
        let mut names: Vec<String> =
            set.iter().map(|var| format!("'{}', ", self.body.graph.vars.name(var))).collect();
        names.sort();
        names.dedup();
        let receiver = self.receiver.map(|name| format!("'{name}', ")).unwrap_or_default();
        format!("({receiver}{})", names.concat())
    }

    fn op(&mut self, depth: usize, op: &Op) {
        let Some(indent) = &op.indent else {
            self.line(depth, &op.code);
            return;
        };
        self.line(depth, "if True:");
        let fits = indent.len() > depth && indent.chars().all(|c| c == ' ');
        if fits {
            // As it stands in the source: strings that span lines keep their text.
            let text = format!("{indent}{}", op.code);
            self.line(0, &text);
        } else {
            for line in op.code.lines() {
                let line = line.strip_prefix(indent.as_str()).unwrap_or(line).to_string();
                self.line(depth + 1, &line);
            }
        }
    }

    fn go(&mut self, depth: usize, to: BlockId) {
        let keep = self.names(&self.body.live.live_in[to]);
        self.line(depth, &format!("return ('go', {to}, _ms_cut(locals(), {keep}))"));
    }

    fn end(&mut self, depth: usize, at: BlockId) {
        let graph = &self.body.graph;
        let name = |var| graph.vars.name(var).to_string();
        match &graph.blocks[at].end {
            End::Open => self.line(depth, "return ('done', None)"),
            End::Jump(to) => self.go(depth, *to),
            End::Branch { test, then, other } => {
                self.line(depth, &format!("if ({}):", test.code));
                self.go(depth + 1, *then);
                self.go(depth, *other);
            }
            End::Next { iterator, target, is_async, body, exhausted } => {
                let take = if *is_async { "await anext" } else { "next" };
                self.line(depth, &format!("_ms_item = {take}({}, _ms_end)", name(*iterator)));
                self.line(depth, "if _ms_item is _ms_end:");
                self.go(depth + 1, *exhausted);
                self.line(depth, &format!("{} = _ms_item", target.code));
                self.go(depth, *body);
            }
            End::Switch { on, arms } => {
                let Some((last, first)) = arms.split_last() else { return };
                for (value, to) in first {
                    self.line(depth, &format!("if {} == {value}:", name(*on)));
                    self.go(depth + 1, *to);
                }
                self.go(depth, last.1);
            }
            End::Suspend { suspension, resume } => self.suspend(depth, at, *suspension, *resume),
            End::Return { value, .. } => {
                let value = value.as_ref().map_or("None", |op| op.code.as_str()).to_string();
                self.line(depth, &format!("return ('done', ({value}\n))"));
            }
            End::Raise(op) => {
                let code = format!("raise {}", op.code);
                self.line(depth, &code);
            }
        }
    }

    fn suspend(&mut self, depth: usize, at: BlockId, suspension: usize, resume: BlockId) {
        let cut = &self.body.graph.suspensions[suspension];
        let receiver = cut.receiver.as_deref().unwrap_or("None");
        let member = self.mangled(&cut.member);
        let args = cut.args.join(", ");
        let request = match cut.access {
            Access::Call | Access::Await => {
                format!("('call', ({receiver}), '{member}', _ms_args({args}))")
            }
            Access::Create => format!("('create', ({receiver}), '', _ms_args({args}))"),
            Access::Load => format!("('load', ({receiver}), '{member}', None)"),
            Access::Store => format!("_ms_store(({args}), ({receiver}), '{member}')"),
        };
        let result = match cut.result {
            Some(var) => format!("'{}'", self.body.graph.vars.name(var)),
            None => "None".into(),
        };
        let keep = self.names(&self.body.live.live_out[at]);
        self.line(depth, &format!("_ms_request = {request}"));
        let code = format!(
            "return ('cut', {resume}, _ms_cut(locals(), {keep}), {result}, {suspension}, _ms_request)"
        );
        self.line(depth, &code);
    }

    /// A private name as the class it is written in sees it.
    fn mangled(&self, member: &str) -> String {
        match &self.class {
            Some(class) if member.starts_with("__") && !member.ends_with("__") => {
                format!("_{}{member}", class.trim_start_matches('_'))
            }
            _ => member.to_string(),
        }
    }
}

//! The step functions as one runnable Python file: continuations alone, or with an operator around
//! them for an engine.

use std::fmt::Write;

use super::Emitted;

/// Who carries the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The caller, who gets them from `step(frame, reply)`.
    None,
    /// Bytewax: one keyed operator for all entities, its output looped back to its input.
    Bytewax,
}

const STEPS: &str = include_str!("steps.py");
const PROTOCOL: &str = include_str!("protocol.py");
const BYTEWAX: &str = include_str!("bytewax.py");

const ABOUT: &str = "\"\"\"Entities cut at their remote operations, as continuations.

The modules they were cut from must be importable. `call(function, ...)` runs one in this process.
\"\"\"

import asyncio
import importlib
import inspect
import types

";

const ABOUT_BYTEWAX: &str = "\"\"\"Entities as a Bytewax dataflow: one operator keyed by entity.

Run it with `python FILE`; the modules the entities were cut from must be importable. Requests are
lines of JSON, from the file that ENTITY_REQUESTS names or from standard input:
  {\"create\": \"shop.Item\", \"args\": {\"name\": \"tea\", \"price\": 3}}
  {\"call\": \"shop.User.buy\", \"on\": \"ada\", \"args\": {\"item\": {\"$entity\": \"shop.Item\", \"key\": \"tea\"}}}
Answers are lines of JSON on standard output. Messages loop inside the process; put a broker between
egress and ingress to run it on several workers.
\"\"\"

import asyncio
import collections
import importlib
import inspect
import io
import json
import os
import pickle
import sys
import types

import bytewax.operators as op
from bytewax._bytewax import cli_main
from bytewax.dataflow import Dataflow
from bytewax.inputs import DynamicSource, StatelessSourcePartition
from bytewax.outputs import DynamicSink, StatelessSinkPartition

";

/// The file's text.
pub fn program(emitted: &Emitted, engine: Engine) -> String {
    let mut text = String::from(match engine {
        Engine::None => ABOUT,
        Engine::Bytewax => ABOUT_BYTEWAX,
    });
    text.push_str(STEPS);
    text.push_str(PROTOCOL);
    for function in &emitted.functions {
        let class = function.classes.last();
        let owner = class.map(|class| format!("{class}.")).unwrap_or_default();
        let steps: Vec<String> =
            (0..function.blocks).map(|at| format!("{owner}_ms{}_{at}", function.number)).collect();
        let handlers: Vec<String> = function
            .handlers
            .iter()
            .map(|(from, to, name)| format!("{from}: ({to}, \"{name}\")"))
            .collect();
        let receiver =
            function.receiver.as_ref().map_or("None".into(), |name| format!("\"{name}\""));
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "# {name}, from {file}\n{code}\nContinuation(\n    \"{name}\",\n    \"{module}\",\n    \
             [{steps}],\n    {{{handlers}}},\n    {receiver},\n)\n\n",
            name = function.name,
            file = function.file,
            code = function.code,
            module = function.module,
            steps = steps.join(", "),
            handlers = handlers.join(", "),
        );
    }
    if engine == Engine::Bytewax {
        let names: Vec<String> =
            emitted.entities.iter().map(|name| format!("    \"{name}\",\n")).collect();
        let _ = write!(
            text,
            "ENTITY_NAMES = [\n{}]\n\n\n{}\n{BYTEWAX}",
            names.concat(),
            include_str!("names.py")
        );
    }
    text
}

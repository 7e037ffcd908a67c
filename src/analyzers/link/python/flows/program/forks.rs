//! Forks and joins.

use serde_json::{Value as Json, json};

use super::builder::{Builder, Group, MAX_STREAMS, Tail};
use super::data::StreamId;
use super::values::{Env, Reads};
use crate::model::facts::python::flows::Expr;

impl Builder<'_, '_> {
    /// A fork of `stream`; without a size, of one.
    pub(super) fn fork(
        &mut self,
        name: &str,
        size: Option<&Expr>,
        stream: StreamId,
        line: u32,
        env: &Env,
    ) -> usize {
        let count = match size {
            None => Some(1),
            Some(size) => self.constant(size, env).and_then(|size| size.as_u64()),
        };
        let known = count.filter(|count| *count <= MAX_STREAMS);
        let shown = known.map_or_else(
            || size.map_or(Json::Null, |size| Json::String(size.text.to_string())),
            Json::from,
        );
        let reads = size.map(|size| self.reads(size, env)).unwrap_or_default();
        let fork = self.add(stream, "Fork", line, json!({ "group": name, "size": shown }), reads);
        let indices: Vec<String> = match known {
            Some(count) => (0..count).map(|index| index.to_string()).collect(),
            None => vec!["*".into()],
        };
        let mut streams = Vec::new();
        for index in indices {
            let child = self.open_stream(format!("{name}[{index}]"), Some(stream));
            self.tails[child] =
                fork.map(|node| Tail { node, kind: "fork", label: None }).into_iter().collect();
            let index = index.parse::<u64>().map_or(Json::String(index), Json::from);
            self.add(child, "ForkItem", line, json!({ "index": index }), Reads::default());
            let roles = self.roles.get(&stream).cloned().unwrap_or_default();
            self.roles.insert(child, roles);
            streams.push(child);
        }
        self.groups.push(Group { name: name.into(), streams, is_symbolic: known.is_none() });
        self.groups.len() - 1
    }

    pub(super) fn join(&mut self, group: usize, mode: &str, line: u32) {
        let streams = self.groups[group].streams.clone();
        let Some(parent) = streams.first().and_then(|first| self.graph.streams[*first].parent)
        else {
            return;
        };
        for stream in streams {
            let ends = self.tails[stream].clone();
            let ends = ends.into_iter().map(|tail| Tail { kind: "join", label: None, ..tail });
            self.tails[parent].extend(ends);
        }
        let data = json!({ "group": self.groups[group].name, "mode": mode });
        self.add(parent, "Join", line, data, Reads::default());
    }
}

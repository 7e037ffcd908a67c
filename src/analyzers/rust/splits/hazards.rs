//! What is better not held across an await.

use super::types::Ty;
use crate::analyzers::split::{End, Graph, Liveness};
use crate::model::Hazard;

/// An array this large makes every copy and move of the future dear.
const LARGE: u64 = 1024;

pub fn find(graph: &Graph, live: &Liveness, types: &[Ty]) -> Vec<Hazard> {
    let mut found = Vec::new();
    for (at, block) in graph.blocks.iter().enumerate() {
        let End::Suspend { suspension, .. } = block.end else { continue };
        let line = graph.suspensions[suspension].request.last_line;
        for var in live.live_out[at].iter() {
            let (name, Some(ty)) = (graph.vars.name(var), types.get(var as usize)) else {
                continue;
            };
            if ty.guard {
                let message = format!(
                    "`{name}` holds a lock across this await: others wait for as long as it does"
                );
                found.push(Hazard { kind: "lock-across-await".into(), line, message });
            }
            if let Some((bytes, _)) = ty.size.filter(|(bytes, _)| *bytes >= LARGE) {
                let message = format!(
                    "`{name}` puts {bytes} bytes into the future: box it or let it end before"
                );
                found.push(Hazard { kind: "large-future".into(), line, message });
            }
        }
    }
    found.sort_by(|a, b| (a.line, &a.message).cmp(&(b.line, &b.message)));
    found.dedup();
    found
}

//! Names of schemas: keys under `$defs` and titles.

use super::{Builder, Scope};
use crate::analyzers::link::rust::resolve;
use crate::model::facts::rust::types::Ty;

impl Builder<'_, '_> {
    /// The name of a type of the project: serde's, or its own.
    pub(super) fn type_name(&self, id: u32, scope: &Scope) -> String {
        let Some(schema) = self.shapes.of.get(&id) else { return self.title(id) };
        if let Some(inner) = self.transparent(id, schema) {
            return self.schema_name(&inner, scope);
        }
        let renamed = schema.container.rename.get(self.reads);
        renamed.map_or_else(|| self.title(id), str::to_owned)
    }

    /// The name of any type: `Array_of_uint8`.
    pub(super) fn schema_name(&self, ty: &Ty, scope: &Scope) -> String {
        match ty {
            Ty::Ref { inner, .. } => self.schema_name(inner, scope),
            Ty::Slice(item) => format!("Array_of_{}", self.schema_name(item, scope)),
            Ty::Array(item, length) => {
                let length = self.world.facts(scope.file).word(*length);
                format!("Array_size_{length}_of_{}", self.schema_name(item, scope))
            }
            Ty::Tuple(items) if items.is_empty() => "null".into(),
            Ty::Tuple(items) => {
                let names: Vec<String> =
                    items.iter().map(|item| self.schema_name(item, scope)).collect();
                format!("Tuple_of_{}", names.join("_and_"))
            }
            Ty::Path(path) => {
                if let Some(word) = path.as_word()
                    && let Some((argument, Some(outer))) =
                        scope.arguments.get(&self.world.word(scope.file, word))
                {
                    return self.schema_name(argument, outer);
                }
                let Some(last) = path.last() else { return "any".into() };
                let name = self.world.facts(scope.file).word(last.name);
                let arg = |at: usize| {
                    last.args
                        .get(at)
                        .map_or_else(|| "any".to_owned(), |ty| self.schema_name(ty, scope))
                };
                self.path_name(name, arg, last.args.len())
            }
            _ => "any".into(),
        }
    }

    fn path_name(&self, name: &str, arg: impl Fn(usize) -> String, args: usize) -> String {
        if let Some(prim) = resolve::primitive(name) {
            let schema = super::primitive(prim);
            let word = schema["format"].as_str().or(schema["type"].as_str()).unwrap_or("any");
            return if name == "char" { "Character".into() } else { word.to_owned() };
        }
        match name {
            "String" | "PathBuf" | "Path" => "string".into(),
            "Vec" | "VecDeque" | "LinkedList" | "BinaryHeap" | "SmallVec" => {
                format!("Array_of_{}", arg(0))
            }
            "HashSet" | "BTreeSet" | "IndexSet" => format!("Set_of_{}", arg(0)),
            "Option" => format!("Nullable_{}", arg(0)),
            "HashMap" | "BTreeMap" | "IndexMap" => match arg(0).as_str() {
                "string" => format!("Map_of_{}", arg(1)),
                key => format!("Map_from_{key}_to_{}", arg(1)),
            },
            "Box" | "Rc" | "Arc" | "Cow" | "Mutex" | "RwLock" | "Cell" | "RefCell" if args > 0 => {
                arg(args - 1)
            }
            "Value" => "AnyValue".into(),
            other => other.to_owned(),
        }
    }
}

//! Types of the standard library and of well-known crates, by their last name.

use serde_json::{Map, Value, json};

use super::primitives::{by_suffix, nonzero, nullable, object, primitive};
use super::{Builder, Form, Scope};
use crate::analyzers::link::rust::world::Prim;
use crate::model::facts::rust::types::Ty;

impl Builder<'_, '_> {
    pub(super) fn known(
        &mut self,
        short: &str,
        full: &str,
        args: &[Ty],
        scope: &Scope,
        form: Form,
    ) -> Value {
        let first = args.first();
        let format = |format: &str| json!({"type": "string", "format": format});
        match short {
            "String" | "PathBuf" | "Path" | "SmolStr" | "CompactString" | "ArcStr" | "FastStr"
            | "Utf8PathBuf" | "Utf8Path" => json!({"type": "string"}),
            "Option" => nullable(self.argument(first, scope)),
            "Box" | "Rc" | "Arc" | "Cow" | "Cell" | "RefCell" | "Mutex" | "RwLock" | "Reverse"
            | "Wrapping" | "Saturating" | "Weak" => match args.last() {
                Some(inner) => self.formed(inner, scope, form),
                None => json!({}),
            },
            "Vec" | "VecDeque" | "LinkedList" | "BinaryHeap" | "SmallVec" | "ArrayVec"
            | "ThinVec" => {
                let items = match first {
                    // smallvec's array parameter.
                    Some(Ty::Array(item, _)) => self.ty(item, scope),
                    _ => self.argument(first, scope),
                };
                json!({"type": "array", "items": items})
            }
            "HashSet" | "BTreeSet" | "IndexSet" | "FxHashSet" | "AHashSet" | "DashSet"
            | "FxIndexSet" => {
                let items = self.argument(first, scope);
                json!({"type": "array", "items": items, "uniqueItems": true})
            }
            "HashMap" | "BTreeMap" | "IndexMap" | "FxHashMap" | "AHashMap" | "DashMap"
            | "LinkedHashMap" | "FxIndexMap" | "SlotMap" => self.map(first, args.get(1), scope),
            "PhantomData" => json!({"type": "null"}),
            "Duration" if full.starts_with("std") || full.starts_with("core") || full == short => {
                let parts = [("secs", Prim::U64), ("nanos", Prim::U32)];
                self.library(short, form, |_| record(&parts))
            }
            "SystemTime" => {
                let parts = [("secs_since_epoch", Prim::U64), ("nanos_since_epoch", Prim::U32)];
                self.library(short, form, |_| record(&parts))
            }
            "Range" | "RangeInclusive" => {
                let name = format!("Range_of_{}", self.argument_name(first, scope));
                let item = self.argument(first, scope);
                self.library(&name, form, |_| {
                    json!({
                        "type": "object", "properties": {"start": item.clone(), "end": item},
                        "required": ["start", "end"]
                    })
                })
            }
            "Bound" => {
                let name = format!("Bound_of_{}", self.argument_name(first, scope));
                let item = self.argument(first, scope);
                self.library(&name, form, |_| {
                    let unbounded = json!({"type": "string", "const": "Unbounded"});
                    json!({"oneOf": [
                        keyed("Included", item.clone()), keyed("Excluded", item), unbounded
                    ]})
                })
            }
            "Result" => {
                let names =
                    (self.argument_name(first, scope), self.argument_name(args.get(1), scope));
                let (ok, error) = (self.argument(first, scope), self.argument(args.get(1), scope));
                let name = format!("Result_of_{}_or_{}", names.0, names.1);
                self.library(
                    &name,
                    form,
                    |_| json!({"oneOf": [keyed("Ok", ok), keyed("Err", error)]}),
                )
            }
            "Either" => {
                let sides = [("Left", first), ("Right", args.get(1))];
                let sides: Vec<Value> = sides
                    .into_iter()
                    .map(|(key, ty)| {
                        let mut side = object(keyed(key, self.argument(ty, scope)));
                        side.insert("additionalProperties".into(), false.into());
                        Value::Object(side)
                    })
                    .collect();
                json!({"oneOf": sides})
            }
            "OsString" | "OsStr" => self.library("OsString", form, |_| {
                let bytes = |prim: Prim| json!({"type": "array", "items": primitive(prim)});
                json!({"oneOf": [
                    keyed("Unix", bytes(Prim::U8)), keyed("Windows", bytes(Prim::U16))
                ]})
            }),
            "CString" | "CStr" => self.library("CString", form, |builder| {
                let items = json!({"type": "integer", "minimum": 1, "maximum": 255});
                json!({"type": builder.bytes_type(), "items": items})
            }),
            "Bytes" | "BytesMut" => self.library(
                "Bytes",
                form,
                |builder| json!({"type": builder.bytes_type(), "items": primitive(Prim::U8)}),
            ),
            "ByteBuf" => json!({"type": "array", "items": primitive(Prim::U8)}),
            "Version" => {
                self.library("SemVer", form, |_| json!({"type": "string", "pattern": SEMVER}))
            }
            "VersionReq" => json!({"type": "string"}),
            "Value" | "RawValue" => Value::Bool(true),
            "Number" => json!({"type": "number"}),
            "Map" if args.len() > 1 => self.map(first, args.get(1), scope),
            "Map" => json!({"type": "object", "additionalProperties": true}),
            "Uuid" => format("uuid"),
            "Url" | "Uri" => format("uri"),
            "DateTime" | "OffsetDateTime" | "Timestamp" => format("date-time"),
            "Zoned" => format("zoned-date-time"),
            "NaiveDateTime" => format("partial-date-time"),
            "NaiveDate" | "Date" => format("date"),
            "NaiveTime" | "Time" => format("partial-time"),
            "SignedDuration" => format("duration"),
            "Weekday" => {
                let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
                json!({"type": "string", "enum": days})
            }
            "IpAddr" => format("ip"),
            "Ipv4Addr" => format("ipv4"),
            "Ipv6Addr" => format("ipv6"),
            "SocketAddr" | "SocketAddrV4" | "SocketAddrV6" => json!({"type": "string"}),
            "Decimal" | "BigDecimal" => match self.reads {
                true => {
                    let pattern = r"^-?\d+(\.\d+)?([eE]\d+)?$";
                    json!({"type": ["string", "number"], "pattern": pattern})
                }
                false => json!({"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}),
            },
            "OrderedFloat" | "NotNan" => match first {
                Some(inner) => self.ty(inner, scope),
                None => json!({"type": "number"}),
            },
            "NonZero" => nonzero(self.argument(first, scope)),
            _ => {
                let atomic = short.strip_prefix("Atomic").and_then(by_suffix);
                let number = short.strip_prefix("NonZero").and_then(by_suffix);
                match (atomic, number) {
                    (Some(prim), _) => primitive(prim),
                    (None, Some(prim)) => nonzero(primitive(prim)),
                    (None, None) => self.refuse(format!("`{full}` has no known JSON form")),
                }
            }
        }
    }

    fn argument(&mut self, ty: Option<&Ty>, scope: &Scope) -> Value {
        ty.map_or(json!({}), |ty| self.ty(ty, scope))
    }

    fn argument_name(&self, ty: Option<&Ty>, scope: &Scope) -> String {
        ty.map_or_else(|| "any".to_owned(), |ty| self.schema_name(ty, scope))
    }

    /// A type of the library that has a place of its own under `$defs`.
    fn library(&mut self, name: &str, form: Form, make: impl FnOnce(&mut Self) -> Value) -> Value {
        match form {
            Form::Whole => make(self),
            Form::Reference => self.defined(&format!("library {name}"), name.to_owned(), make),
        }
    }

    /// Bytes are written as numbers, and read from a string too.
    fn bytes_type(&self) -> Value {
        if self.reads { json!(["array", "string"]) } else { json!("array") }
    }

    /// A map: which keys there may be depends on the type of the keys.
    fn map(&mut self, key: Option<&Ty>, value: Option<&Ty>, scope: &Scope) -> Value {
        let key = key.map_or(Value::Bool(true), |key| self.formed(key, scope, Form::Whole));
        let value = self.argument(value, scope);
        let options: Vec<Value> = match key.get("anyOf") {
            Some(Value::Array(options)) => options.iter().map(|o| self.followed(o)).collect(),
            _ => vec![key],
        };
        let (mut is_open, mut patterns, mut names) = (false, Vec::new(), Vec::new());
        for option in &options {
            let listed = option["enum"].as_array().filter(|all| all.iter().all(Value::is_string));
            match (option["pattern"].as_str(), listed, option["type"].as_str()) {
                (Some(pattern), _, Some("string")) => patterns.push(pattern.to_owned()),
                (None, Some(listed), Some("string")) => {
                    names.extend(listed.iter().filter_map(Value::as_str).map(str::to_owned));
                }
                (_, _, Some("integer")) => {
                    let is_unsigned = option["minimum"].as_u64() == Some(0);
                    patterns.push(if is_unsigned { r"^\d+$" } else { r"^-?\d+$" }.to_owned());
                }
                _ => is_open = true,
            }
        }
        let mut map = Map::new();
        map.insert("type".into(), "object".into());
        let rest = if is_open { value.clone() } else { Value::Bool(false) };
        map.insert("additionalProperties".into(), rest);
        for (keyword, mut keys) in [("patternProperties", patterns), ("properties", names)] {
            keys.sort();
            if !keys.is_empty() {
                let all = keys.into_iter().map(|key| (key, value.clone()));
                map.insert(keyword.into(), Value::Object(all.collect()));
            }
        }
        Value::Object(map)
    }

    /// What a reference to a definition leads to.
    fn followed(&self, schema: &Value) -> Value {
        let key = schema["$ref"].as_str().and_then(|text| text.strip_prefix("#/$defs/"));
        key.and_then(|key| self.definitions.get(key)).unwrap_or(schema).clone()
    }
}

/// The pattern of a semantic version, by the specification's grammar.
const SEMVER: &str = concat!(
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)",
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)",
    r"(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?",
    r"(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$",
);

/// An object with one key.
fn keyed(key: &str, value: Value) -> Value {
    json!({"type": "object", "properties": {key: value}, "required": [key]})
}

fn record(parts: &[(&str, Prim)]) -> Value {
    let properties: Map<String, Value> =
        parts.iter().map(|(name, prim)| ((*name).to_owned(), primitive(*prim))).collect();
    let required: Vec<&str> = parts.iter().map(|(name, _)| *name).collect();
    json!({"type": "object", "properties": properties, "required": required})
}

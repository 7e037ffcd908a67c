//! Types of the standard library and of pydantic that have a JSON form of their own.

use serde_json::{Value, json};

use super::json::Dialect;

pub enum Container {
    List,
    Set,
    Tuple,
    Map,
    Counter,
}

/// Containers by canonical name.
pub fn container(name: &str) -> Option<Container> {
    Some(match name {
        "builtins.list"
        | "typing.List"
        | "typing.Sequence"
        | "typing.MutableSequence"
        | "typing.Iterable"
        | "typing.Collection"
        | "typing.Iterator"
        | "typing.Generator"
        | "typing.AsyncIterator"
        | "typing.AsyncIterable"
        | "typing.AsyncGenerator"
        | "typing.Deque"
        | "collections.deque"
        | "typing.Reversible"
        | "typing.Container" => Container::List,
        "builtins.set" | "builtins.frozenset" | "typing.Set" | "typing.FrozenSet"
        | "typing.AbstractSet" | "typing.MutableSet" => Container::Set,
        "builtins.tuple" | "typing.Tuple" => Container::Tuple,
        "builtins.dict"
        | "typing.Dict"
        | "typing.Mapping"
        | "typing.MutableMapping"
        | "typing.DefaultDict"
        | "typing.OrderedDict"
        | "collections.OrderedDict"
        | "collections.defaultdict"
        | "typing.ChainMap"
        | "collections.ChainMap" => Container::Map,
        "collections.Counter" | "typing.Counter" => Container::Counter,
        _ => return None,
    })
}

/// Types without parts by canonical name.
pub fn leaf(name: &str, dialect: Dialect) -> Option<Value> {
    let pydantic = dialect == Dialect::Pydantic;
    let format = |format: &str| json!({ "type": "string", "format": format });
    let schema = match name {
        "builtins.str" | "typing.Text" | "typing.LiteralString" | "typing.AnyStr" => {
            json!({ "type": "string" })
        }
        "builtins.int" => json!({ "type": "integer" }),
        "builtins.float" => json!({ "type": "number" }),
        "builtins.bool" => json!({ "type": "boolean" }),
        "builtins.None" | "types.NoneType" => json!({ "type": "null" }),
        "builtins.bytes" | "builtins.bytearray" | "builtins.memoryview" if pydantic => {
            format("binary")
        }
        "builtins.bytes" | "builtins.bytearray" => {
            json!({ "type": "string", "contentEncoding": "base64" })
        }
        "builtins.list" => json!({ "type": "array" }),
        "builtins.dict" => json!({ "type": "object" }),
        "typing.Never" | "typing.NoReturn" => json!({ "not": {} }),
        "datetime.datetime" | "pydantic_extra_types.pendulum_dt.DateTime" => format("date-time"),
        "datetime.date" | "pydantic_extra_types.pendulum_dt.Date" => format("date"),
        "pydantic_extra_types.pendulum_dt.Duration" => format("duration"),
        "datetime.time" => format("time"),
        "datetime.timedelta" if pydantic => format("duration"),
        "datetime.timedelta" => json!({ "type": "number" }),
        "uuid.UUID" => format("uuid"),
        "pathlib.Path"
        | "pathlib.PurePath"
        | "pathlib.PosixPath"
        | "pathlib.PurePosixPath"
        | "os.PathLike" => format("path"),
        "decimal.Decimal" if pydantic => {
            json!({ "anyOf": [{ "type": "number" }, { "type": "string" }] })
        }
        "decimal.Decimal" => format("decimal"),
        "fractions.Fraction" if pydantic => {
            json!({ "anyOf": [{ "type": "number" }, { "type": "string", "format": "fraction" }] })
        }
        "builtins.complex" if pydantic => json!({ "type": "string" }),
        "fractions.Fraction" => json!({ "type": "string" }),
        "re.Pattern" | "typing.Pattern" => format("regex"),
        "ipaddress.IPv4Address" => format("ipv4"),
        "ipaddress.IPv6Address" => format("ipv6"),
        "ipaddress.IPv4Network" => format("ipv4network"),
        "ipaddress.IPv6Network" => format("ipv6network"),
        "ipaddress.IPv4Interface" => format("ipv4interface"),
        "ipaddress.IPv6Interface" => format("ipv6interface"),
        "zoneinfo.ZoneInfo" => format("zoneinfo"),
        _ => return library(name),
    };
    Some(schema)
}

/// Whether pydantic has no schema for a library's type but `isinstance`.
pub fn is_instance_only(name: &str) -> bool {
    let (module, last) = name.rsplit_once('.').unwrap_or(("", name));
    match module {
        "typing" => matches!(
            last,
            "Callable"
                | "IO"
                | "TextIO"
                | "BinaryIO"
                | "Iterator"
                | "AsyncIterator"
                | "AsyncIterable"
                | "AsyncGenerator"
                | "Awaitable"
                | "Coroutine"
                | "Collection"
                | "Container"
                | "Reversible"
                | "Sized"
                | "Match"
                | "ContextManager"
                | "AsyncContextManager"
        ),
        "builtins" => {
            matches!(last, "bytearray" | "memoryview" | "range" | "slice" | "property")
                || last.ends_with("Error")
                || last.ends_with("Exception")
        }
        "enum" | "datetime" | "uuid" | "pathlib" | "decimal" | "" => false,
        _ => matches!(
            module.split('.').next().unwrap_or_default(),
            "io" | "types"
                | "threading"
                | "asyncio"
                | "logging"
                | "concurrent"
                | "contextlib"
                | "contextvars"
                | "subprocess"
                | "socket"
                | "ssl"
                | "inspect"
                | "functools"
                | "tempfile"
                | "multiprocessing"
                | "ast"
                | "argparse"
                | "httpx"
                | "requests"
                | "aiohttp"
                | "numpy"
                | "pandas"
                | "torch"
                | "PIL"
        ),
    }
}

/// What a name of pydantic's that is an `Annotated[…]` stands for.
pub fn annotated_base(name: &str) -> Option<&'static str> {
    Some(match name.strip_prefix("pydantic.")? {
        "StrictStr" => "str",
        "StrictInt" | "PositiveInt" | "NegativeInt" | "NonNegativeInt" | "NonPositiveInt" => "int",
        "StrictFloat" | "FiniteFloat" | "PositiveFloat" | "NegativeFloat" | "NonNegativeFloat"
        | "NonPositiveFloat" => "float",
        "StrictBool" => "bool",
        "StrictBytes" | "Base64Bytes" | "Base64UrlBytes" => "bytes",
        "Base64Str" | "Base64UrlStr" => "str",
        "UUID1" | "UUID3" | "UUID4" | "UUID5" => "UUID",
        "FilePath" | "DirectoryPath" | "NewPath" | "SocketPath" => "Path",
        _ => return None,
    })
}

/// Types of pydantic, SQLAlchemy and Django.
fn library(name: &str) -> Option<Value> {
    let format = |format: &str| json!({ "type": "string", "format": format });
    if let Some(last) = name.strip_prefix("pydantic.v1.").or(name.strip_prefix("pydantic.")) {
        return Some(match last {
            "BaseModel" => json!({ "type": "object", "properties": {} }),
            "StrictStr" => json!({ "type": "string" }),
            "StrictInt" => json!({ "type": "integer" }),
            "StrictFloat" | "FiniteFloat" => json!({ "type": "number" }),
            "StrictBool" => json!({ "type": "boolean" }),
            "StrictBytes" => format("binary"),
            "PositiveInt" => json!({ "type": "integer", "exclusiveMinimum": 0 }),
            "NegativeInt" => json!({ "type": "integer", "exclusiveMaximum": 0 }),
            "NonNegativeInt" => json!({ "type": "integer", "minimum": 0 }),
            "NonPositiveInt" => json!({ "type": "integer", "maximum": 0 }),
            "PositiveFloat" => json!({ "type": "number", "exclusiveMinimum": 0 }),
            "NegativeFloat" => json!({ "type": "number", "exclusiveMaximum": 0 }),
            "NonNegativeFloat" => json!({ "type": "number", "minimum": 0 }),
            "NonPositiveFloat" => json!({ "type": "number", "maximum": 0 }),
            "EmailStr" => format("email"),
            "NameEmail" => format("name-email"),
            "SecretStr" => json!({ "type": "string", "format": "password", "writeOnly": true }),
            "SecretBytes" => json!({ "type": "string", "format": "password", "writeOnly": true }),
            "UUID1" => format("uuid1"),
            "UUID3" => format("uuid3"),
            "UUID4" => format("uuid4"),
            "UUID5" => format("uuid5"),
            "FilePath" => format("file-path"),
            "DirectoryPath" => format("directory-path"),
            "NewPath" | "SocketPath" => format("path"),
            "AnyUrl" | "FileUrl" => json!({ "type": "string", "format": "uri", "minLength": 1 }),
            "AnyHttpUrl" => json!({ "type": "string", "format": "uri", "minLength": 1 }),
            "HttpUrl" => {
                json!({ "type": "string", "format": "uri", "minLength": 1, "maxLength": 2083 })
            }
            "AnyWebsocketUrl" | "FtpUrl" | "PostgresDsn" | "RedisDsn" | "AmqpDsn" | "MySQLDsn"
            | "MongoDsn" | "KafkaDsn" | "NatsDsn" => {
                json!({ "type": "string", "format": "uri", "minLength": 1 })
            }
            "WebsocketUrl" => {
                json!({ "type": "string", "format": "uri", "minLength": 1, "maxLength": 2083 })
            }
            "IPvAnyAddress" => format("ipvanyaddress"),
            "IPvAnyNetwork" => format("ipvanynetwork"),
            "IPvAnyInterface" => format("ipvanyinterface"),
            "PastDate" | "FutureDate" => format("date"),
            "AwareDatetime" | "NaiveDatetime" | "PastDatetime" | "FutureDatetime" => {
                format("date-time")
            }
            "Base64Bytes" | "Base64UrlBytes" | "Base64Str" | "Base64UrlStr" => format("base64"),
            "ByteSize" => json!({ "type": "integer" }),
            "JsonValue" => json!({}),
            "ImportString" => json!({ "type": "string" }),
            _ => return None,
        });
    }
    let last = name.rsplit('.').next()?;
    if name.starts_with("sqlalchemy.") {
        return Some(match last {
            "Integer" | "BigInteger" | "SmallInteger" | "INTEGER" | "BIGINT" | "SMALLINT" => {
                json!({ "type": "integer" })
            }
            "Float" | "Double" | "Numeric" | "REAL" | "FLOAT" | "NUMERIC" | "DECIMAL" => {
                json!({ "type": "number" })
            }
            "String" | "Text" | "Unicode" | "UnicodeText" | "VARCHAR" | "CHAR" | "TEXT"
            | "Enum" => json!({ "type": "string" }),
            "Boolean" | "BOOLEAN" => json!({ "type": "boolean" }),
            "DateTime" | "DATETIME" | "TIMESTAMP" => format("date-time"),
            "Date" | "DATE" => format("date"),
            "Time" | "TIME" => format("time"),
            "Interval" => json!({ "type": "number" }),
            "LargeBinary" | "BLOB" => json!({ "type": "string", "contentEncoding": "base64" }),
            "Uuid" | "UUID" => format("uuid"),
            "JSON" | "JSONB" | "PickleType" => json!({}),
            "ARRAY" => json!({ "type": "array" }),
            _ => return None,
        });
    }
    if name.starts_with("django.") {
        return Some(match last {
            "CharField" | "TextField" | "FilePathField" | "FileField" | "ImageField" => {
                json!({ "type": "string" })
            }
            "SlugField" => json!({ "type": "string", "pattern": "^[-a-zA-Z0-9_]+$" }),
            "EmailField" => format("email"),
            "URLField" => format("uri"),
            "UUIDField" => format("uuid"),
            "IntegerField" | "BigIntegerField" | "SmallIntegerField" | "AutoField"
            | "BigAutoField" | "SmallAutoField" | "ForeignKey" | "OneToOneField" => {
                json!({ "type": "integer" })
            }
            "PositiveIntegerField" | "PositiveBigIntegerField" | "PositiveSmallIntegerField" => {
                json!({ "type": "integer", "minimum": 0 })
            }
            "FloatField" => json!({ "type": "number" }),
            "DecimalField" => format("decimal"),
            "BooleanField" => json!({ "type": "boolean" }),
            "NullBooleanField" => json!({ "type": ["boolean", "null"] }),
            "DateTimeField" => format("date-time"),
            "DateField" => format("date"),
            "TimeField" => format("time"),
            "DurationField" => json!({ "type": "number" }),
            "BinaryField" => json!({ "type": "string", "contentEncoding": "base64" }),
            "GenericIPAddressField" | "IPAddressField" => json!({ "type": "string" }),
            "ManyToManyField" => json!({ "type": "array", "items": { "type": "integer" } }),
            "JSONField" => json!({}),
            _ => return None,
        });
    }
    None
}

use serde_json::json;

use super::*;
use crate::model::Language;

fn task(input_schema: Value) -> Task {
    Task {
        id: "jobs.resize".into(),
        name: "resize".into(),
        language: Language::Python,
        file: "jobs.py".into(),
        line: 3,
        doc: None,
        registrar: None,
        is_async: false,
        runnable: true,
        reason: None,
        input_schema,
        output_schema: Value::Null,
    }
}

fn form() -> Form {
    Form::new(&task(json!({
        "type": "object",
        "properties": {
            "width": {"type": "integer", "minimum": 1},
            "name": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": null},
            "fast": {"type": "boolean", "default": false},
            "mode": {"$ref": "#/$defs/Mode"},
            "sizes": {"type": "array", "items": {"type": "number"}},
            "extra": {"type": "object"},
        },
        "required": ["width"],
        "additionalProperties": false,
        "$defs": {"Mode": {"enum": ["small", "large"]}},
    })))
}

fn put(form: &mut Form, name: &str, text: &str) {
    let at = form.fields.iter().position(|field| field.name == name).unwrap();
    form.fields[at].text = text.into();
}

fn error<'a>(form: &'a Form, name: &str) -> Option<&'a str> {
    form.fields.iter().find(|field| field.name == name).unwrap().error.as_deref()
}

#[test]
fn controls_follow_the_schema() {
    let form = form();
    let kinds: Vec<(&str, &Kind, &str)> =
        form.fields.iter().map(|f| (f.name.as_str(), &f.kind, f.type_.as_str())).collect();
    assert_eq!(kinds[0], ("width", &Kind::Integer, "integer"));
    assert_eq!(kinds[1], ("name", &Kind::Text, "string | null"));
    assert_eq!(kinds[2].1, &Kind::Choice(vec![true.into(), false.into()]));
    assert_eq!(
        kinds[3],
        ("mode", &Kind::Choice(vec!["small".into(), "large".into()]), "small | large")
    );
    assert_eq!(kinds[4], ("sizes", &Kind::List(Box::new(Kind::Number)), "list of number"));
    assert_eq!(kinds[5].1, &Kind::Json);
    assert!(form.fields[0].required && form.fields[1].nullable);
}

#[test]
fn values_take_the_types_of_their_fields() {
    let mut form = form();
    for (name, text) in [
        ("width", "80"),
        ("name", "null"),
        ("fast", "true"),
        ("mode", "large"),
        ("sizes", "1, 2.5"),
        ("extra", "{\"a\": [1]}"),
        ("timeout", "1.5s"),
        ("executor", "docker"),
    ] {
        put(&mut form, name, text);
    }
    let request = form.request().unwrap();
    let expected = json!({"width": 80, "name": null, "fast": true, "mode": "large",
        "sizes": [1, 2.5], "extra": {"a": [1]}});
    assert_eq!(request.input, expected);
    assert_eq!(request.executor, ExecutorKind::Docker);
    assert_eq!(request.limits.timeout_ms, Some(1_500));

    let mut again = self::form();
    again.fill(&request);
    assert_eq!(again.fields[4].text, "1, 2.5");
    assert_eq!(again.request().unwrap(), RunRequest { ..request });
}

#[test]
fn errors_stand_at_their_field_and_nothing_starts() {
    let mut form = form();
    assert!(form.request().is_none());
    assert_eq!(error(&form, "width"), Some("is required"));
    put(&mut form, "width", "0");
    put(&mut form, "sizes", "1, x");
    put(&mut form, "timeout", "soon");
    assert!(form.request().is_none());
    assert!(error(&form, "width").unwrap().contains("minimum"));
    assert_eq!(error(&form, "sizes"), Some("x is not a number"));
    assert!(error(&form, "timeout").unwrap().contains("no duration"));
    assert_eq!(form.cursor, 0);
}

#[test]
fn quotes_make_empty_text_possible() {
    let mut form = form();
    put(&mut form, "width", "1");
    put(&mut form, "name", "\"\"");
    assert_eq!(form.request().unwrap().input, json!({"width": 1, "name": ""}));
}

#[test]
fn a_changed_schema_keeps_what_was_typed() {
    let mut old = form();
    put(&mut old, "width", "12");
    let schema = json!({"type": "object", "properties": {"height": {"type": "integer"},
        "width": {"type": "string"}}});
    let renewed = old.renewed(&task(schema));
    let typed: Vec<(&str, &str)> =
        renewed.fields.iter().take(2).map(|f| (f.name.as_str(), f.text.as_str())).collect();
    assert_eq!(typed, [("height", ""), ("width", "12")]);
}

#[test]
fn the_command_line_is_one_a_shell_reads() {
    let mut form = form();
    put(&mut form, "width", "80");
    put(&mut form, "name", "it's");
    put(&mut form, "timeout", "3s");
    assert_eq!(
        form.command_line(),
        "metascope run . jobs.resize --arg width=80 --arg 'name=it'\\''s' --timeout 3s"
    );
}

#[test]
fn lists_that_commas_cannot_say_are_shown_as_json() {
    let item = Kind::Text;
    assert_eq!(commas(&item, &["a".into(), "b c".into()]), "a, b c");
    assert_eq!(commas(&item, &["a,b".into()]), "[\"a,b\"]");
    assert_eq!(commas(&item, &[]), "[]");
}

#[test]
fn recursive_schemas_end() {
    let schema = json!({"type": "object", "properties": {"tree": {"$ref": "#/$defs/T"}},
        "$defs": {"T": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/T"}}, {"$ref": "#/$defs/T"}]}}});
    assert_eq!(Form::new(&task(schema)).fields[0].kind, Kind::Json);
}

#[test]
fn a_sweep_needs_only_what_it_does_not_give() {
    let mut form = form();
    put(&mut form, "grid", "width=1..3,mode=small|large");
    put(&mut form, "jobs", "2");
    put(&mut form, "keep-going", "yes");
    let request = form.request().unwrap();
    assert_eq!(request.input, json!({}));
    let expected = SweepRequest {
        file: None,
        grid: Some("width=1..3,mode=small|large".into()),
        jobs: Some(2),
        keep_going: true,
    };
    assert_eq!(request.sweep, Some(expected));
    assert_eq!(
        form.command_line(),
        "metascope run . jobs.resize --grid 'width=1..3,mode=small|large' --jobs 2 --keep-going"
    );
    let mut again = self::form();
    again.fill(&request);
    assert_eq!(again.request().unwrap(), request);

    for (grid, complaint) in [
        ("width=0..3", "width=0: "),
        ("mode=small|huge", "mode=huge: "),
        ("height=1..2", "is not a parameter"),
        ("width", "in a grid"),
    ] {
        put(&mut form, "grid", grid);
        assert!(form.request().is_none(), "{grid}");
        assert!(error(&form, "grid").unwrap().contains(complaint), "{:?}", error(&form, "grid"));
    }
    put(&mut form, "grid", "mode=small");
    assert!(form.request().is_none());
    assert_eq!(error(&form, "width"), Some("is required"));
    put(&mut form, "sweep", "inputs.csv");
    assert!(form.request().is_some(), "the file may give it");
}

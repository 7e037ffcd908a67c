//! CSV as RFC 4180 has it: quotes double themselves, a quoted field may hold line ends.

/// The records of a text; empty lines are none.
pub fn parse(text: &str) -> Result<Vec<Vec<String>>, String> {
    let mut records = Vec::new();
    let mut record: Vec<String> = Vec::new();
    let mut field = String::new();
    let mut is_quoted = false;
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if is_quoted && rest.peek() == Some(&'"') => {
                rest.next();
                field.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            c if is_quoted => field.push(c),
            '"' if field.is_empty() => is_quoted = true,
            ',' => record.push(std::mem::take(&mut field)),
            '\r' if rest.peek() == Some(&'\n') => {}
            '\n' => {
                record.push(std::mem::take(&mut field));
                if record.iter().any(|field| !field.is_empty()) {
                    records.push(std::mem::take(&mut record));
                }
                record.clear();
            }
            c => field.push(c),
        }
    }
    if is_quoted {
        return Err("a quoted field does not end".into());
    }
    record.push(field);
    if record.iter().any(|field| !field.is_empty()) {
        records.push(record);
    }
    Ok(records)
}

/// A field as it stands in a record.
pub fn quote(field: &str) -> String {
    if field.contains(['"', ',', '\n', '\r']) || field.trim() != field {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_survive_quotes_commas_and_line_ends() {
        let text = "a,b\r\n\"x, \"\"y\"\"\",\"two\nlines\"\n\n1,\n";
        let records = parse(text).unwrap();
        assert_eq!(records, [vec!["a", "b"], vec!["x, \"y\"", "two\nlines"], vec!["1", ""]]);
        for field in &records[1] {
            assert_eq!(parse(&quote(field)).unwrap(), [[field.clone()]]);
        }
        assert!(parse("\"open").is_err());
    }
}

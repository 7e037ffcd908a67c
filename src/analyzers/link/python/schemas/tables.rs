//! Small tables of names: field functions, alias generators, renaming styles.

/// Functions that describe a pydantic field.
pub fn is_pydantic_field(name: &str) -> bool {
    matches!(
        name,
        "pydantic.Field"
            | "pydantic.v1.Field"
            | "sqlmodel.Field"
            | "sqlmodel.main.Field"
            | "ninja.Field"
            | "fastapi.Query"
            | "fastapi.Body"
            | "fastapi.Path"
            | "fastapi.Header"
            | "fastapi.Cookie"
            | "fastapi.Form"
            | "fastapi.File"
    )
}

/// A number that the standard library names.
pub fn library_constant(name: &str) -> Option<i64> {
    Some(match name {
        "logging.CRITICAL" | "logging.FATAL" => 50,
        "logging.ERROR" => 40,
        "logging.WARNING" | "logging.WARN" => 30,
        "logging.INFO" => 20,
        "logging.DEBUG" => 10,
        "logging.NOTSET" => 0,
        _ => return None,
    })
}

/// What a well-known alias generator makes of a field's name.
pub fn apply_alias(function: &str, name: &str) -> Option<String> {
    match function.rsplit('.').next()? {
        "to_camel" | "to_lower_camel" | "camelize" | "to_camel_case" | "snake_to_camel" => {
            Some(rename("camel", name))
        }
        "to_pascal" | "to_pascal_case" => Some(rename("pascal", name)),
        "to_snake" => Some(to_snake(name)),
        "to_kebab" | "to_kebab_case" => Some(name.replace('_', "-")),
        "upper" => Some(name.to_uppercase()),
        _ => None,
    }
}

/// A renaming style by msgspec's names.
pub fn rename(style: &str, name: &str) -> String {
    let words = || name.split('_').filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_uppercase().to_string());
        first.unwrap_or_default() + letters.as_str()
    };
    match style {
        "lower" => name.to_lowercase(),
        "upper" => name.to_uppercase(),
        "kebab" => words().collect::<Vec<_>>().join("-"),
        "pascal" => words().map(capital).collect(),
        "camel" => {
            let mut words = words();
            let first = words.next().unwrap_or_default().to_owned();
            first + &words.map(capital).collect::<String>()
        }
        _ => name.into(),
    }
}

fn to_snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut before_lower = false;
    for letter in name.chars() {
        if letter.is_uppercase() && before_lower {
            snake.push('_');
        }
        before_lower = letter.is_lowercase() || letter.is_ascii_digit();
        snake.extend(letter.to_lowercase().map(|letter| if letter == '-' { '_' } else { letter }));
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_rename() {
        assert_eq!(rename("camel", "user_first_name"), "userFirstName");
        assert_eq!(rename("pascal", "user_id"), "UserId");
        assert_eq!(apply_alias("pydantic.alias_generators.to_snake", "userId").unwrap(), "user_id");
        assert!(apply_alias("m.mine", "x").is_none());
    }
}

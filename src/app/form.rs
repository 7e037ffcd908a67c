//! Forms made from JSON Schema.

//! The pattern pages are embedded in the program: build again when one comes or goes.

fn main() {
    println!("cargo:rerun-if-changed=docs/patterns");
}

//! Pages that are written from the program.

use expect_test::expect_file;

#[test]
fn keys_page_is_that_of_the_command_table() {
    expect_file!["../../docs/KEYS.md"].assert_eq(&metascope::app::keys_doc::markdown());
}

//! A method stepped through in a real terminal: form, trust, steps, looking back, and the end of
//! its worker.

use super::support::folder;
use super::terminal::Terminal;
use crate::needs::lacks;

const SHOP: &str = "\
class Item:
    def __init__(self, name: str, price: int = 3):
        self.name = name
        self.price = price
        self.stock = 5

    def __key__(self):
        return self.name

    def take(self, amount: int) -> bool:
        if self.stock < amount:
            return False
        self.stock -= amount
        return True


class User:
    def __init__(self, name: str):
        self.name = name
        self.balance = 30

    def __key__(self):
        return self.name

    def buy(self, amount: int, item: Item) -> int:
        print('buying', item.name)
        total = amount * item.price
        if not item.take(amount):
            raise ValueError('sold out')
        self.balance -= total
        return self.balance

    def wait(self, item: Item) -> int:
        price = item.price
        while price:
            pass
        return 1
";

fn start(method: &str, size: (u16, u16)) -> Option<(tempfile::TempDir, Terminal)> {
    if lacks("python3", "--version") {
        return None;
    }
    let project = folder(&[("shop.py", SHOP)]);
    let state = project.path().join(".state");
    let path = std::env::var("PATH").unwrap_or_default();
    let environment =
        [("PATH", path.as_str()), ("METASCOPE_STATE_DIR", state.to_str().unwrap_or_default())];
    let mut terminal = Terminal::start(project.path(), size, &environment);
    terminal.wait_for("shop.py");
    terminal.send(&format!("6/{method}\rj"));
    terminal.wait_for("blocks");
    Some((project, terminal))
}

/// Programs that the workbench started and that still run.
fn workers(terminal: &Terminal) -> usize {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", terminal.pid()));
    let children = tasks
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let children: Vec<String> = children
        .flat_map(|pids| pids.split_whitespace().map(String::from).collect::<Vec<_>>())
        .collect();
    let is_worker = |pid: &&String| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains("step_through")
    };
    children.iter().filter(is_worker).count()
}

#[test]
fn a_method_is_stepped_through_from_its_form() {
    let Some((_project, mut terminal)) = start("buy", (120, 40)) else { return };
    terminal.send("r");
    // Examples stand in the fields that are needed.
    terminal.wait_for("{\"name\":\"name\"}");
    terminal.send("r");
    terminal.wait_for("Run code from this folder");
    terminal.send("\x1b");
    terminal.until("no question", |s| (!s.contents().contains("Run code from")).then_some(()));
    assert_eq!(workers(&terminal), 0, "nothing runs in a folder that is not trusted");
    assert!(!terminal.text().contains("runs next"));
    terminal.send("r");
    terminal.wait_for("Run code from this folder");
    terminal.send("y");
    terminal.wait_for("block 0 runs next");
    terminal.wait_for("amount = 1");
    terminal.wait_for("balance=30");
    terminal.send("s");
    terminal.wait_for("asks   read Item('name').name");
    assert_eq!(workers(&terminal), 1);
    terminal.send("s");
    terminal.wait_for("block 1 runs next");
    terminal.send("sss");
    terminal.wait_for("asks   call Item('name').take(1)");
    terminal.wait_for("total = 3");
    terminal.send("s");
    terminal.wait_for("stock=5→4");
    terminal.send("c");
    terminal.wait_for("result 27");
    terminal.wait_for("balance=30→27");
    terminal.wait_for("buying name");
    terminal.send("b");
    terminal.wait_for("balance=30");
    terminal.send("r");
    terminal.wait_for("block 0 runs next");
    terminal.send("\x1b");
    terminal.wait_for("{\"name\":\"name\"}");
    terminal.send("\x1b");
    // Escape and what follows it at once would be one key with Alt.
    terminal.until("form", |s| (!s.contents().contains("Runs block by block")).then_some(()));
    terminal.send("\x03");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_block_that_never_ends_is_left() {
    let Some((_project, mut terminal)) = start("wait", (80, 24)) else { return };
    terminal.send("rr");
    terminal.wait_for("Run code from this folder");
    terminal.send("y");
    terminal.wait_for("block 0 runs next");
    terminal.send("c");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(workers(&terminal), 1);
    // The workbench does not wait for it.
    terminal.send("\x1b");
    terminal.wait_for("{\"name\":\"name\"}");
    for _ in 0..400 {
        if workers(&terminal) == 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(workers(&terminal), 0);
    terminal.send("\x03");
    assert_eq!(terminal.exit_code(), 0);
}

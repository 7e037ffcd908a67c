//! crossterm's events → actions.

use std::time::{Duration, Instant};

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use crate::app::key::{Code, Key};
use crate::app::{Action, action::Mouse};
use crate::views::HitMap;

/// How near in time two clicks on one cell are a double click.
const DOUBLE_CLICK: Duration = Duration::from_millis(400);
/// Rows per step of the wheel.
const WHEEL_ROWS: i8 = 3;

/// Remembers what is needed to tell double clicks apart.
#[derive(Debug, Default)]
pub struct Translator {
    last_click: Option<(Instant, u16, u16)>,
}

impl Translator {
    pub fn action(&mut self, event: Event, hits: &HitMap) -> Option<Action> {
        match event {
            Event::Key(event) if event.kind != KeyEventKind::Release => key(event).map(Action::Key),
            Event::Paste(text) => Some(Action::Paste(text)),
            Event::Resize(width, height) => Some(Action::Resize(width, height)),
            Event::Mouse(event) => self.mouse(event, hits),
            _ => None,
        }
    }

    fn mouse(&mut self, event: MouseEvent, hits: &HitMap) -> Option<Action> {
        let (column, row) = (event.column, event.row);
        let mouse = match event.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                let now = Instant::now();
                let again = self.last_click.take().is_some_and(|(at, x, y)| {
                    (x, y) == (column, row) && now.duration_since(at) < DOUBLE_CLICK
                });
                if again {
                    Mouse::DoubleClick
                } else {
                    self.last_click = Some((now, column, row));
                    Mouse::Click
                }
            }
            MouseEventKind::Drag(MouseButton::Left) => Mouse::Drag(column, row),
            MouseEventKind::Up(MouseButton::Left) => Mouse::Release,
            MouseEventKind::ScrollDown => Mouse::Wheel(WHEEL_ROWS),
            MouseEventKind::ScrollUp => Mouse::Wheel(-WHEEL_ROWS),
            _ => return None,
        };
        Some(Action::Mouse(mouse, hits.at(column, row)))
    }
}

/// A key as the keymap knows it.
pub fn key(event: KeyEvent) -> Option<Key> {
    let code = match event.code {
        KeyCode::Char(character) => Code::Char(character),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Insert => Code::Insert,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(number) => Code::F(number),
        _ => return None,
    };
    let named = !matches!(code, Code::Char(_) | Code::BackTab);
    Some(Key {
        code,
        ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
        alt: event.modifiers.contains(KeyModifiers::ALT),
        shift: named && event.modifiers.contains(KeyModifiers::SHIFT),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Hit;
    use ratatui::layout::Rect;

    #[test]
    fn keys_arrive_as_the_keymap_names_them() {
        let press = |code, modifiers| key(KeyEvent::new(code, modifiers)).unwrap();
        let shifted = press(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(shifted, Key::parse("G").unwrap());
        let control = press(KeyCode::Char('d'), KeyModifiers::CONTROL);
        assert_eq!(control, Key::parse("ctrl-d").unwrap());
        let back = press(KeyCode::BackTab, KeyModifiers::SHIFT);
        assert_eq!(back, Key::parse("backtab").unwrap());
    }

    #[test]
    fn a_second_click_on_the_cell_is_a_double_click() {
        let mut hits = HitMap::default();
        hits.push(Rect::new(0, 0, 5, 1), Hit::Row(3));
        let mut translator = Translator::default();
        let mut click = |column| {
            let kind = MouseEventKind::Down(MouseButton::Left);
            let event = MouseEvent { kind, column, row: 0, modifiers: KeyModifiers::NONE };
            match translator.action(Event::Mouse(event), &hits) {
                Some(Action::Mouse(mouse, hit)) => (mouse, hit),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(click(1), (Mouse::Click, Hit::Row(3)));
        assert_eq!(click(1), (Mouse::DoubleClick, Hit::Row(3)));
        assert_eq!(click(1), (Mouse::Click, Hit::Row(3)));
        assert_eq!(click(9), (Mouse::Click, Hit::Nothing));
    }
}

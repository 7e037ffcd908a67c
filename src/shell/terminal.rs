//! Taking the terminal over and giving it back whole: on quit, suspend, panic and signals.

use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::Ordering;

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::writer::{ACTIVE, FrameWriter};
use crate::app::Model;
use crate::views::{self, HitMap, Theme};

/// Clicks, wheel and drag, but not bare movement, which would wake us for nothing.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1003l\x1b[?1000l";

/// The terminal while it is ours; gives it back when dropped.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<FrameWriter>>,
    mouse: bool,
}

impl Screen {
    /// Takes the terminal over.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        // `NO_COLOR` is the theme's to honour: crossterm's own way loses the selection.
        crossterm::style::force_color_output(true);
        hook();
        take(mouse)?;
        let terminal = Terminal::new(CrosstermBackend::new(FrameWriter::default()))
            .inspect_err(|_| give_back())?;
        Ok(Self { terminal, mouse })
    }

    pub fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// Draws one frame, bracketed so that the terminal shows it whole.
    pub fn draw(&mut self, model: &Model, theme: &Theme) -> io::Result<HitMap> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let mut hits = HitMap::default();
        let drawn = self.terminal.draw(|frame| {
            let area = frame.area();
            hits = views::draw(model, theme, area, frame.buffer_mut());
            if let Some(cursor) = hits.cursor {
                frame.set_cursor_position(cursor);
            }
        });
        let drawn = drawn.map(|_| ());
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        drawn?;
        Write::flush(self.terminal.backend_mut())?;
        Ok(hits)
    }

    /// Forgets what is on the screen: the next frame is drawn in full.
    pub fn clear(&mut self) -> io::Result<()> {
        // Not `Terminal::clear`: that asks the terminal where its cursor is and waits for the answer.
        let size = self.terminal.size()?;
        self.terminal.resize(ratatui::layout::Rect::new(0, 0, size.width, size.height))
    }

    /// Writes a sequence that paints nothing (the clipboard's).
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.terminal.backend_mut().write_all(bytes)?;
        Write::flush(self.terminal.backend_mut())
    }

    /// Gives the terminal back for a while.
    pub fn leave(&mut self) {
        give_back();
    }

    /// Takes it over again.
    pub fn reclaim(&mut self) -> io::Result<()> {
        if !ACTIVE.load(Ordering::SeqCst) {
            take(self.mouse)?;
        }
        self.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn take(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    ACTIVE.store(true, Ordering::SeqCst);
    let mut stdout = io::stdout().lock();
    execute!(stdout, EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
    if mouse {
        stdout.write_all(MOUSE_ON)?;
    }
    stdout.flush()
}

/// Undoes [`take`] in reverse. Harmless when there is nothing to undo.
fn give_back() {
    if !ACTIVE.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut stdout = io::stdout().lock();
    // Each step on its own: a failed one must not keep the others from happening.
    let _ = execute!(stdout, EndSynchronizedUpdate);
    let _ = stdout.write_all(MOUSE_OFF);
    let _ = execute!(stdout, DisableBracketedPaste);
    let _ = execute!(stdout, cursor::Show, LeaveAlternateScreen);
    let _ = disable_raw_mode();
    let _ = stdout.flush();
}

/// Gives the terminal back before a panic is reported, whichever thread it comes from.
fn hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            report(panic);
        }));
    });
}

//! A sheet of paper to write on, in points, from the top left corner down.

use krilla::geom::{PathBuilder, Point};
use krilla::paint::Stroke;
use krilla::surface::Surface;

use crate::fonts::{Fonts, Undrawable};

/// Where a text stands on its line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum At {
    /// It begins here.
    Left(f32),
    /// It ends here.
    Right(f32),
    /// Its middle is here.
    Middle(f32),
}

/// What writes on a page.
pub(crate) struct Pen<'a, 'b> {
    pub(crate) fonts: &'a Fonts,
    pub(crate) surface: &'a mut Surface<'b>,
}

impl Pen<'_, '_> {
    /// Writes one line of text with its baseline at `y`.
    pub(crate) fn write(&mut self, at: At, y: f32, size: f32, text: &str) -> Result<(), Undrawable> {
        let runs = self.fonts.shape(text)?;
        let width: f32 = runs.iter().map(|run| run.width * size).sum();
        let mut x = match at {
            At::Left(x) => x,
            At::Right(x) => x - width,
            At::Middle(x) => x - width / 2.0,
        };
        for run in runs {
            let start = Point::from_xy(x, y);
            self.surface.draw_glyphs(start, &run.glyphs, run.font, &run.text, size, false);
            x += run.width * size;
        }
        Ok(())
    }

    /// A thin line across.
    pub(crate) fn rule(&mut self, (from, to): (f32, f32), y: f32) {
        let mut path = PathBuilder::new();
        path.move_to(from, y);
        path.line_to(to, y);
        let Some(path) = path.finish() else { return };
        self.surface.set_stroke(Some(Stroke { width: 0.5, ..Stroke::default() }));
        self.surface.draw_path(&path);
        self.surface.set_stroke(None);
    }
}

/// The beginning of the text that fits into `width`, with an ellipsis where something is cut.
pub(crate) fn fitted(fonts: &Fonts, text: &str, size: f32, width: f32) -> Result<String, Undrawable> {
    // A control character has no glyph; none is in a text that the system took.
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if fonts.width(&text)? * size <= width {
        return Ok(text);
    }
    let mut kept = text;
    while kept.pop().is_some() {
        let cut = format!("{kept}…");
        if fonts.width(&cut)? * size <= width {
            return Ok(cut);
        }
    }
    Ok(String::new())
}

/// The text in lines that fit into `width`, broken at any character.
pub(crate) fn lines(fonts: &Fonts, text: &str, size: f32, width: f32) -> Result<Vec<String>, Undrawable> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for character in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        line.push(character);
        if fonts.width(&line)? * size > width && line.chars().count() > 1 {
            line.pop();
            lines.push(std::mem::replace(&mut line, character.to_string()));
        }
    }
    lines.push(line);
    Ok(lines)
}

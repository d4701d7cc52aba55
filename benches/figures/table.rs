//! The table: one row a figure.

use std::fmt::Write;

/// One figure.
pub struct Row {
    /// What is measured, and how.
    pub what: String,
    /// What was measured here.
    pub here: String,
    /// What it ought to be.
    pub goal: &'static str,
    /// What the peer takes.
    pub peer: String,
    /// The peer's figure over ours: above 1, ours is the better one.
    pub ratio: String,
}

impl Row {
    pub fn new(what: impl Into<String>, here: impl Into<String>, goal: &'static str) -> Row {
        Row { what: what.into(), here: here.into(), goal, peer: "–".into(), ratio: "–".into() }
    }

    /// Beside the peer: its figure as text, and both as numbers of the same unit.
    pub fn peer(mut self, text: impl Into<String>, peer: f64, here: f64) -> Row {
        self.peer = text.into();
        self.ratio = format!("{:.1}", peer / here);
        self
    }
}

/// As Markdown that can be read without being rendered.
pub fn render(rows: &[Row]) -> String {
    let head = Row::new("what", "Stoa here", "goal");
    let head = Row { peer: "peer".into(), ratio: "peer / Stoa".into(), ..head };
    let cells =
        |row: &Row| [row.what.clone(), row.here.clone(), row.goal.to_string(), row.peer.clone(), row.ratio.clone()];
    let lines: Vec<[String; 5]> = std::iter::once(&head).chain(rows).map(cells).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(widths) {
            let _ = write!(out, "| {cell:width$} ");
        }
        out.push_str("|\n");
        if index == 0 {
            widths.iter().for_each(|width| out.push_str(&format!("|{}", "-".repeat(width + 2))));
            out.push_str("|\n");
        }
    }
    out
}

/// The value below which this part (0 to 1) of the values lies.
pub fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(((values.len() as f64 - 1.0) * part).round() as usize).copied().unwrap_or(f64::NAN)
}

/// "median (5 % below low, 95 % below high)".
pub fn spread(values: &mut [f64], unit: &str) -> String {
    let [low, middle, high] = [0.05, 0.5, 0.95].map(|part| quantile(values, part));
    format!("{middle:.1} {unit} (90 %: {low:.1} to {high:.1})")
}

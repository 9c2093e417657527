//! Two texts side by side, line by line, as `diff -y` shows them.

use std::time::Duration;

use similar::{DiffOp, TextDiff};

use crate::record::text::{clean, padded, wrapped};

/// Lines around a difference that are shown although they are the same.
const CONTEXT: usize = 3;
/// The most lines that are shown.
const MOST_LINES: usize = 200;
/// Between the columns.
const GUTTER: usize = 3;

/// *Was* and *now* in two columns, at most `width` characters wide. The mark between them says how a line differs:
/// `|` it changed, `<` it is gone, `>` it is new.
pub fn side_by_side(was: &str, now: &str, width: usize) -> Vec<String> {
    let column = width.saturating_sub(GUTTER) / 2;
    let (old, new): (Vec<&str>, Vec<&str>) = (was.lines().collect(), now.lines().collect());
    let diff = TextDiff::configure().timeout(Duration::from_millis(200)).diff_slices(&old, &new);
    let mut rows =
        vec![row("was", ' ', "now", column), row(&"-".repeat(column), ' ', &"-".repeat(column), column)];
    let ops = diff.ops();
    for (place, op) in ops.iter().enumerate() {
        let (is_first, is_last) = (place == 0, place + 1 == ops.len());
        match *op {
            DiffOp::Equal { old_index, len, .. } => {
                let same = old.get(old_index..old_index.saturating_add(len)).unwrap_or_default();
                let head = if is_first { 0 } else { CONTEXT.min(len) };
                let tail = if is_last { 0 } else { CONTEXT.min(len - head) };
                let (top, rest) = same.split_at(head);
                let (middle, bottom) = rest.split_at(rest.len().saturating_sub(tail));
                rows.extend(top.iter().flat_map(|line| both(line, ' ', line, column)));
                match middle {
                    [] => {}
                    [line] => rows.extend(both(line, ' ', line, column)),
                    _ => rows.push(format!("… {} lines that are the same", middle.len())),
                }
                rows.extend(bottom.iter().flat_map(|line| both(line, ' ', line, column)));
            }
            DiffOp::Delete { old_index, old_len, .. } => {
                let gone = old.iter().skip(old_index).take(old_len);
                rows.extend(gone.flat_map(|line| both(line, '<', "", column)));
            }
            DiffOp::Insert { new_index, new_len, .. } => {
                let come = new.iter().skip(new_index).take(new_len);
                rows.extend(come.flat_map(|line| both("", '>', line, column)));
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                for pair in 0..old_len.max(new_len) {
                    let left = old.get(old_index + pair).filter(|_| pair < old_len);
                    let right = new.get(new_index + pair).filter(|_| pair < new_len);
                    let mark = match (left, right) {
                        (Some(_), Some(_)) => '|',
                        (Some(_), None) => '<',
                        (None, _) => '>',
                    };
                    rows.extend(both(left.unwrap_or(&""), mark, right.unwrap_or(&""), column));
                }
            }
        }
    }
    bounded(rows)
}

/// One line of each side, over as many lines of output as the longer one needs.
fn both(was: &str, mark: char, now: &str, column: usize) -> Vec<String> {
    let (left, right) = (wrapped(&clean(was), column), wrapped(&clean(now), column));
    (0..left.len().max(right.len()))
        .map(|line| {
            let at = |side: &[String]| side.get(line).cloned().unwrap_or_default();
            row(&at(&left), mark, &at(&right), column)
        })
        .collect()
}

fn row(was: &str, mark: char, now: &str, column: usize) -> String {
    format!("{} {mark} {now}", padded(was, column)).trim_end().to_owned()
}

/// The first lines, and how many there would be more.
pub fn bounded(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST_LINES);
    if more > 0 {
        lines.truncate(MOST_LINES);
        lines.push(format!("… {more} more lines; `--json` has everything"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(was: &str, now: &str, shown: &[&str]) {
        let lines = side_by_side(was, now, 19);
        assert_eq!(lines.get(2..).unwrap(), shown);
        assert!(lines.iter().all(|line| line.starts_with('…') || line.chars().count() <= 19), "{lines:?}");
    }

    #[test]
    fn marks_say_what_became_of_a_line() {
        check("a\nb\nc\n", "a\nB\nc\n", &["a          a", "b        | B", "c          c"]);
        check("a\nb\n", "a\n", &["a          a", "b        <"]);
        check("a\n", "a\nb\n", &["a          a", "         > b"]);
        check("", "new\n", &["         > new"]);
        check("a\nb\n", "x\n", &["a        | x", "b        <"]);
    }

    #[test]
    fn long_lines_are_broken_and_never_cut() {
        check("0123456789\n", "0123456x\n", &["01234567 | 0123456x", "89       |"]);
    }

    #[test]
    fn much_of_the_same_is_left_out() {
        let many: String = (0..20).map(|n| format!("{n}\n")).collect();
        let shown = [
            "… 17 lines that are the same",
            "17         17",
            "18         18",
            "19         19",
            "         > x",
        ];
        check(&many, &format!("{many}x\n"), &shown);
    }

    #[test]
    fn what_is_too_long_says_so() {
        let many: String = (0..500).map(|n| format!("{n}\n")).collect();
        let lines = side_by_side("", &many, 80);
        assert_eq!(lines.len(), MOST_LINES + 1);
        assert!(lines.last().unwrap().contains("more lines"), "{lines:?}");
    }

    #[test]
    fn escape_sequences_are_shown_and_not_obeyed() {
        check("a\u{1b}[2J\n", "a\n", &[r"a\u{1b}[ | a", "2J       |"]);
    }
}

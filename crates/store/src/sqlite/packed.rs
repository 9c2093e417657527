//! The values beside one entry as one blob: for each, label and value, each after its length in four bytes.
//!
//! One row per entry keeps a commit to one touched page of this table, however many values there are.

/// Packs labels and values; nothing if one of them is larger than four bytes can say.
pub(super) fn pack(rows: &[(String, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut packed =
        Vec::with_capacity(rows.iter().map(|(label, value)| label.len() + value.len() + 8).sum());
    for (label, value) in rows {
        for part in [label.as_bytes(), value] {
            packed.extend(u32::try_from(part.len()).ok()?.to_be_bytes());
            packed.extend(part);
        }
    }
    Some(packed)
}

/// Unpacks what [`pack`] packed; nothing if it is something else.
pub(super) fn unpack(mut packed: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut rows = Vec::new();
    while !packed.is_empty() {
        let label = String::from_utf8(part(&mut packed)?.to_vec()).ok()?;
        rows.push((label, part(&mut packed)?.to_vec()));
    }
    Some(rows)
}

fn part<'a>(packed: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = packed.split_first_chunk()?;
    let (part, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *packed = rest;
    Some(part)
}

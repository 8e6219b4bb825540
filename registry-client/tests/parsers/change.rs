//! Random changes, the same in every run.

/// Random numbers that a name begins: SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(name: &str) -> Random {
        let mix = |seed: u64, byte| seed.wrapping_mul(131).wrapping_add(u64::from(byte));
        Random(name.bytes().fold(0x9e37, mix))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let end = (start + self.below(40)).min(length);
        start..end
    }
}

const PIECES: [&[u8]; 16] = [
    b"\n",
    b"\n\n",
    b" ",
    b"\r\n",
    b"\0",
    b"\x1b[31m",
    b"0",
    b"18446744073709551616",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"=",
    b"+",
    b"#",
    "\u{2014} ".as_bytes(),
    "\u{202e}".as_bytes(),
    "\u{9b}".as_bytes(),
];

/// One of the seeds, changed in 1 to 4 places.
pub(crate) fn change(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let range = random.range(bytes.len());
        let piece = bytes[range.clone()].to_vec();
        match random.below(8) {
            0 | 1 if !bytes.is_empty() => {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
            2 => bytes.truncate(range.start),
            3 => drop(bytes.drain(range)),
            4 => drop(bytes.splice(range.end..range.end, piece)),
            5 => {
                let piece = PIECES[random.below(PIECES.len())];
                bytes.splice(range.start..range.start, piece.iter().copied());
            }
            6 => {
                let other = &seeds[random.below(seeds.len())];
                let piece = other[random.range(other.len())].to_vec();
                bytes.splice(range, piece);
            }
            _ => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len() + 1);
                bytes.truncate(range.start);
                bytes.extend(&other[from..]);
            }
        }
    }
    bytes
}

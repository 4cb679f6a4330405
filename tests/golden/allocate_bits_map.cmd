# The map's bound is the allocation's to the last bit, whatever --bits says.
qbound allocate examples/lenet.json --budget 6 -o "$SCRATCH/map.json" --format json >"$SCRATCH/allocate.json" &&
qbound examples/lenet.json --bits 3 --bits-map "$SCRATCH/map.json" --format json >"$SCRATCH/report.json" &&
hexadecimal() { sed -n "/\"$2\": {/,/}/s/.*\"value_hex\": \"\(.*\)\".*/\1/p" "$SCRATCH/$1.json"; }
test -n "$(hexadecimal allocate allocation)" && test "$(hexadecimal allocate allocation)" = "$(hexadecimal report best)" && echo equal

mkdir "$SCRATCH/net" && echo mine >"$SCRATCH/net/file" && qbound convert examples/typed.json -o "$SCRATCH/net.json"
code=$?; ls "$SCRATCH" "$SCRATCH/net"; exit $code

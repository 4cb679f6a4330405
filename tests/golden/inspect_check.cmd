qbound inspect examples/typed.json --check; echo $?
echo '{' | qbound inspect - --check; echo $?
sed 's/relu/warp/' examples/typed.json | qbound inspect - --check; echo $?

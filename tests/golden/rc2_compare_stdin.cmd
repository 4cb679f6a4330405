qbound compare - -

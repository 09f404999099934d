enum NamingStandInPlaceholder {}
